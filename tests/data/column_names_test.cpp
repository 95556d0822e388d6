#include "data/column_names.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {
namespace column_names_test {

// The roles with their ranks, 0 the surest, then "list" and "attribute".
std::string meaning(std::string_view name) {
  const NameMeaning found = meaning_of(name);
  std::string text;
  const auto add = [&text](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  const auto add_role = [&](const char* role, std::optional<int> rank) {
    if (rank) {
      add(role + std::to_string(*rank));
    }
  };
  add_role("user", found.user);
  add_role("item", found.item);
  add_role("time", found.time);
  add_role("rating", found.rating);
  if (found.list) {
    add("list");
  }
  if (found.attribute) {
    add("attribute");
  }
  return text;
}

TEST_CASE("column names: users and groups of events") {
  CHECK(meaning("user") == "user0");
  CHECK(meaning("userId") == "user0");
  CHECK(meaning("USERID") == "user0");
  CHECK(meaning("users") == "user0");
  CHECK(meaning("uid") == "user0");
  CHECK(meaning("reviewerID") == "user1");
  CHECK(meaning("msno") == "user1");
  CHECK(meaning("customer") == "user2");
  CHECK(meaning("customer_id") == "user1");
  CHECK(meaning("customer_name") == "user4");
  CHECK(meaning("user_answer") == "");
  CHECK(meaning("user_answer_id") == "user1");
  CHECK(meaning("review_profilename") == "user4 attribute");
  CHECK(meaning("user_url") == "user3");
  CHECK(meaning("user_hash") == "user1");
  CHECK(meaning("profile") == "user2");
  CHECK(meaning("buyer_email") == "user3");
  CHECK(meaning("session") == "user5");
  CHECK(meaning("session_id") == "user5");
  CHECK(meaning("session_length") == "attribute");
  CHECK(meaning("order_id") == "user6");
  CHECK(meaning("order_total") == "attribute");
  CHECK(meaning("basket") == "user6");
  CHECK(meaning("device") == "user6");
  CHECK(meaning("device_type") == "attribute");
  CHECK(meaning("username") == "user4");
  CHECK(meaning("kundennummer") == "user1");
  CHECK(meaning("用户id") == "user0");
}

TEST_CASE("column names: items and groups of items") {
  CHECK(meaning("item") == "item0");
  CHECK(meaning("itemid") == "item0");
  CHECK(meaning("iid") == "item0");
  CHECK(meaning("movie") == "item2");
  CHECK(meaning("movieId") == "item1");
  CHECK(meaning("movie_title") == "item4");
  CHECK(meaning("movie_name") == "item4");
  CHECK(meaning("asin") == "item1");
  CHECK(meaning("sku") == "item1");
  CHECK(meaning("product_category") == "attribute");
  CHECK(meaning("venueCategoryId") == "item5 attribute");
  CHECK(meaning("category") == "attribute");
  CHECK(meaning("category_id") == "item5 attribute");
  CHECK(meaning("artist") == "item5");
  CHECK(meaning("artist_name") == "");
  CHECK(meaning("album_id") == "item5");
  CHECK(meaning("page") == "item5");
  CHECK(meaning("page_url") == "");
  CHECK(meaning("brand") == "attribute");
  CHECK(meaning("channel_id") == "item5 attribute");
  CHECK(meaning("artikelnummer") == "item1");
  CHECK(meaning("filmtitel") == "");
  CHECK(meaning("商品") == "item0");
}

TEST_CASE("column names: times of events, of other things, and parts of times") {
  CHECK(meaning("time") == "time0");
  CHECK(meaning("ts") == "time0");
  CHECK(meaning("unixReviewTime") == "time0 attribute");
  CHECK(meaning("event_time") == "time0 attribute");
  CHECK(meaning("created_at") == "time1");
  CHECK(meaning("updated_at") == "time3");
  CHECK(meaning("release_date") == "time9 attribute");
  CHECK(meaning("date_of_birth") == "time9 attribute");
  CHECK(meaning("time_spent") == "time9 attribute");
  CHECK(meaning("local_time") == "time3");
  CHECK(meaning("end_time") == "time3");
  CHECK(meaning("date") == "time2");
  CHECK(meaning("day") == "time2");
  CHECK(meaning("hour") == "attribute");
  CHECK(meaning("timezone") == "attribute");
  CHECK(meaning("lastWatch_dt") == "time1");
  CHECK(meaning("click_time") == "time1");
  CHECK(meaning("member_since_date") == "time9");
  CHECK(meaning("time_stamp") == "time0");
  CHECK(meaning("时间") == "time0");
}

TEST_CASE("column names: ratings, their aggregates and their times") {
  CHECK(meaning("rating") == "rating0");
  CHECK(meaning("ratings") == "rating0");
  CHECK(meaning("stars") == "rating0");
  CHECK(meaning("overall") == "rating0");
  CHECK(meaning("score") == "rating0");
  CHECK(meaning("user_rating") == "rating1");
  CHECK(meaning("imdb_score") == "rating1");
  CHECK(meaning("avg_rating") == "attribute");
  CHECK(meaning("ratings_count") == "attribute");
  CHECK(meaning("vote") == "rating1");
  CHECK(meaning("vote_average") == "attribute");
  CHECK(meaning("rating_time") == "time1");
}

TEST_CASE("column names: lists, attributes and names without a meaning") {
  CHECK(meaning("items") == "item2 list");
  CHECK(meaning("history") == "item2 list");
  CHECK(meaning("item_id_list") == "item1 list");
  CHECK(meaning("clicks") == "item2 list");
  CHECK(meaning("hist_seq") == "item2 list");
  CHECK(meaning("item_id:token_seq") == "item0 list");
  CHECK(meaning("titles:token_seq") == "list");
  CHECK(meaning("user_list") == "user1 list");
  CHECK(meaning("price") == "attribute");
  CHECK(meaning("city") == "attribute");
  CHECK(meaning("is_new") == "attribute");
  CHECK(meaning("x1") == "");
  CHECK(meaning("index") == "attribute");
  CHECK(meaning("event_type") == "attribute");
  CHECK(meaning("") == "attribute");
  CHECK(meaning("Unnamed: 0") == "attribute");
}

TEST_CASE("column names: words after a point come first") {
  CHECK(meaning("user.id") == "user0");
  CHECK(meaning("a.user") == "user0");
  CHECK(meaning("user.name") == "user4");
  CHECK(meaning("_id.$oid") == "");
  CHECK(meaning("time.$date") == "time0");
  CHECK(meaning("$date") == "attribute");
  CHECK(meaning("user.item.id") == "item0");
  CHECK(meaning("item.tags") == "attribute");
  CHECK(meaning(".user") == "user0");
  CHECK(meaning("user.") == "user0");
}

TEST_CASE("column names: the first word of a user's and an item's name decides") {
  CHECK(meaning("user_item_id") == "user1");
  CHECK(meaning("item_user_id") == "item1");
  CHECK(meaning("user_item") == "item3");
  CHECK(meaning("customer_product_code") == "user1");
}

TEST_CASE("column names: words begin at upper case, other characters and long compounds") {
  using Texts = std::vector<std::string>;
  CHECK(words_of("lastWatch_dt") == Texts{"last", "watch", "dt"});
  CHECK(words_of("HTTPServer") == Texts{"http", "server"});
  CHECK(words_of("userID") == Texts{"user", "id"});
  CHECK(words_of("IDs") == Texts{"i", "ds"});
  CHECK(words_of("user  id2") == Texts{"user", "id2"});
  CHECK(words_of("__a__") == Texts{"a"});
  CHECK(words_of("--").empty());
  CHECK(words_of("user_id:token") == Texts{"user", "id"});
  CHECK(words_of("userid") == Texts{"user", "id"});
  CHECK(words_of("useridx") == Texts{"useridx"});
  CHECK(words_of("usernames") == Texts{"usernames"});
}

}  // namespace column_names_test
}  // namespace elastic::data
