#include "data/english_words.h"

#include <algorithm>
#include <array>

namespace elastic::data {
namespace {

struct Term {
  std::string_view text;
  std::string_view english;  // "" for letters between the words of a compound
};

// Terms that make up a word alone or together with others of this list.
constexpr auto kTerms = std::to_array<Term>({
    // English words that are written together
    {"user", "user"},
    {"customer", "customer"},
    {"visitor", "visitor"},
    {"member", "member"},
    {"client", "client"},
    {"account", "account"},
    {"buyer", "buyer"},
    {"reviewer", "reviewer"},
    {"session", "session"},
    {"order", "order"},
    {"invoice", "invoice"},
    {"item", "item"},
    {"product", "product"},
    {"movie", "movie"},
    {"film", "film"},
    {"book", "book"},
    {"track", "track"},
    {"song", "song"},
    {"artist", "artist"},
    {"video", "video"},
    {"article", "article"},
    {"venue", "venue"},
    {"place", "place"},
    {"game", "game"},
    {"line", "line"},
    {"profile", "profile"},
    {"beer", "beer"},
    {"anime", "anime"},
    {"recipe", "recipe"},
    {"hotel", "hotel"},
    {"document", "document"},
    {"doc", "document"},
    {"content", "content"},
    {"job", "job"},
    {"course", "course"},
    {"podcast", "podcast"},
    {"goods", "item"},
    {"id", "id"},
    {"ids", "ids"},
    {"key", "key"},
    {"code", "code"},
    {"hash", "hash"},
    {"name", "name"},
    {"no", "no"},
    {"nr", "nr"},
    {"sku", "sku"},
    {"email", "email"},
    {"date", "date"},
    // German
    {"kunde", "customer"},
    {"kunden", "customer"},
    {"kundin", "customer"},
    {"nutzer", "user"},
    {"benutzer", "user"},
    {"besucher", "visitor"},
    {"mitglied", "member"},
    {"mitglieds", "member"},
    {"käufer", "buyer"},
    {"hörer", "listener"},
    {"leser", "reader"},
    {"artikel", "item"},
    {"produkt", "product"},
    {"produkte", "product"},
    {"buch", "book"},
    {"lied", "song"},
    {"spiel", "game"},
    {"ware", "item"},
    {"waren", "item"},
    {"nummer", "no"},
    {"kennung", "id"},
    {"bezeichnung", "name"},
    {"datum", "date"},
    {"zeit", "time"},
    {"zeitpunkt", "time"},
    {"zeitstempel", "timestamp"},
    {"uhrzeit", "hour"},
    {"bestell", "order"},
    {"bestellung", "order"},
    {"bestellungs", "order"},
    {"kauf", "bought"},
    {"rechnung", "invoice"},
    {"rechnungs", "invoice"},
    {"sitzung", "session"},
    {"sitzungs", "session"},
    {"bewertung", "rating"},
    {"bewertungs", "rating"},
    {"sterne", "stars"},
    {"anzahl", "count"},
    {"menge", "quantity"},
    {"preis", "price"},
    {"betrag", "amount"},
    {"gruppe", "category"},
    {"gruppen", "category"},
    {"stadt", "city"},
    // French
    {"utilisateur", "user"},
    {"acheteur", "buyer"},
    {"membre", "member"},
    {"visiteur", "visitor"},
    {"produit", "product"},
    {"livre", "book"},
    {"identifiant", "id"},
    {"numéro", "no"},
    {"numero", "no"},
    {"horodatage", "timestamp"},
    {"achat", "bought"},
    {"commande", "order"},
    {"facture", "invoice"},
    {"évaluation", "rating"},
    {"étoiles", "stars"},
    {"quantité", "quantity"},
    {"quantite", "quantity"},
    {"prix", "price"},
    {"ville", "city"},
    {"nom", "name"},
    {"courriel", "email"},
    // Spanish, Italian, Portuguese
    {"usuario", "user"},
    {"usuário", "user"},
    {"cliente", "customer"},
    {"comprador", "buyer"},
    {"visitante", "visitor"},
    {"utente", "user"},
    {"acquirente", "buyer"},
    {"producto", "product"},
    {"productos", "product"},
    {"artículo", "item"},
    {"articulo", "item"},
    {"película", "movie"},
    {"pelicula", "movie"},
    {"libro", "book"},
    {"canción", "song"},
    {"cancion", "song"},
    {"prodotto", "product"},
    {"articolo", "item"},
    {"produto", "product"},
    {"artigo", "item"},
    {"livro", "book"},
    {"filme", "movie"},
    {"código", "code"},
    {"codigo", "code"},
    {"codice", "code"},
    {"fecha", "date"},
    {"hora", "hour"},
    {"pedido", "order"},
    {"ordine", "order"},
    {"factura", "invoice"},
    {"fattura", "invoice"},
    {"puntuación", "rating"},
    {"puntuacion", "rating"},
    {"valoración", "rating"},
    {"valoracion", "rating"},
    {"calificación", "rating"},
    {"calificacion", "rating"},
    {"valutazione", "rating"},
    {"avaliação", "rating"},
    {"avaliacao", "rating"},
    {"cantidad", "quantity"},
    {"quantità", "quantity"},
    {"quantidade", "quantity"},
    {"precio", "price"},
    {"prezzo", "price"},
    {"preço", "price"},
    {"preco", "price"},
    {"ciudad", "city"},
    {"nombre", "name"},
    {"nome", "name"},
    {"correo", "email"},
    // Dutch, Swedish, Polish, Russian
    {"gebruiker", "user"},
    {"gebruikers", "user"},
    {"klant", "customer"},
    {"klanten", "customer"},
    {"bezoeker", "visitor"},
    {"bestelling", "order"},
    {"användare", "user"},
    {"kund", "customer"},
    {"użytkownik", "user"},
    {"klient", "customer"},
    {"produktu", "product"},
    {"klienta", "customer"},
    {"пользователь", "user"},
    {"пользователя", "user"},
    {"клиент", "customer"},
    {"клиента", "customer"},
    {"покупатель", "buyer"},
    {"товар", "product"},
    {"товара", "product"},
    {"фильм", "movie"},
    {"книга", "book"},
    {"дата", "date"},
    {"время", "time"},
    {"оценка", "rating"},
    {"цена", "price"},
    {"количество", "quantity"},
});

// Chinese, Japanese and Korean terms; other characters of a word say nothing.
constexpr auto kEastAsianTerms = std::to_array<Term>({
    {"用户", "user"},     {"用戶", "user"},     {"使用者", "user"},      {"会员", "member"},
    {"會員", "member"},   {"客户", "customer"}, {"客戶", "customer"},    {"顾客", "customer"},
    {"顧客", "customer"}, {"买家", "buyer"},    {"读者", "reader"},      {"ユーザー", "user"},
    {"ユーザ", "user"},   {"사용자", "user"},   {"고객", "customer"},    {"会话", "session"},
    {"商品", "item"},     {"产品", "product"},  {"產品", "product"},     {"物品", "item"},
    {"电影", "movie"},    {"電影", "movie"},    {"歌曲", "song"},        {"视频", "video"},
    {"文章", "article"},  {"新闻", "news"},     {"书籍", "book"},        {"图书", "book"},
    {"店铺", "business"}, {"製品", "product"},  {"映画", "movie"},       {"アイテム", "item"},
    {"상품", "item"},     {"영화", "movie"},    {"时间戳", "timestamp"}, {"時間戳", "timestamp"},
    {"时间", "time"},     {"時間", "time"},     {"日時", "time"},        {"日期", "date"},
    {"日付", "date"},     {"날짜", "date"},     {"시간", "time"},        {"评分", "rating"},
    {"評分", "rating"},   {"評価", "rating"},   {"평점", "rating"},      {"编号", "id"},
    {"編號", "id"},       {"卡号", "id"},       {"卡號", "id"},          {"番号", "id"},
    {"代码", "code"},     {"번호", "id"},       {"名称", "name"},        {"名稱", "name"},
    {"分类", "category"}, {"分類", "category"}, {"类别", "category"},    {"類別", "category"},
    {"品类", "category"}, {"类型", "type"},     {"数量", "quantity"},    {"數量", "quantity"},
    {"价格", "price"},    {"價格", "price"},    {"金额", "amount"},      {"金額", "amount"},
    {"城市", "city"},     {"年龄", "age"},      {"年齡", "age"},         {"性别", "gender"},
    {"性別", "gender"},   {"行为", "behavior"}, {"行為", "behavior"},    {"id", "id"},
});

// The longest term that `text` begins with; null if there is none.
template <std::size_t kCount>
const Term* longest_start(std::string_view text, const std::array<Term, kCount>& terms) {
  const Term* best = nullptr;
  for (const Term& term : terms) {
    if (text.starts_with(term.text) && (best == nullptr || term.text.size() > best->text.size())) {
      best = &term;
    }
  }
  return best;
}

// Adds the terms that the whole of `text` consists of; false if it does not.
bool add_terms(std::string_view text, std::vector<std::string>& words) {
  if (text.empty()) {
    return true;
  }
  for (const Term& term : kTerms) {
    if (!text.starts_with(term.text)) {
      continue;
    }
    words.emplace_back(term.english);
    if (add_terms(text.substr(term.text.size()), words)) {
      return true;
    }
    words.pop_back();
  }
  return false;
}

bool is_east_asian(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xe3 && byte <= 0xed;  // the first bytes of U+3000 to U+DFFF
  });
}

}  // namespace

std::vector<std::string> in_english(std::string_view word) {
  std::vector<std::string> words;
  constexpr std::size_t kLongest = 64;
  if (word.size() > kLongest) {
    return {std::string(word)};
  }
  if (!is_east_asian(word)) {
    return add_terms(word, words) ? words : std::vector<std::string>{std::string(word)};
  }
  for (std::size_t at = 0; at < word.size();) {
    const Term* const term = longest_start(word.substr(at), kEastAsianTerms);
    if (term != nullptr) {
      words.emplace_back(term->english);
    }
    at += term != nullptr ? term->text.size() : 1;
  }
  return words.empty() ? std::vector<std::string>{std::string(word)} : words;
}

}  // namespace elastic::data
