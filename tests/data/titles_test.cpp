#include "data/titles.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "data/data_config.h"
#include "data/temporary_file.h"

namespace elastic::data::titles_test {
namespace {

using Texts = std::vector<std::string>;

// The titles of the items `ids`, and the description of the file of items.
struct Titled {
  Texts titles;
  std::string detected;
  std::int64_t count = 0;  // of items with a title
};

Titled read(const Texts& ids, std::string_view content, const TitleOptions& options = {}) {
  std::string log = "user,item\n";
  for (const std::string& id : ids) {
    log += "u," + id + "\n";
  }
  const TemporaryFile data("log.csv", log);
  const TemporaryFile items("items", content);
  DataConfig config;
  config.data = {data.path()};
  config.items = items.path();
  config.titles = options;
  config.read.user_column = "user";
  config.read.item_column = "item";
  const LoadedData loaded = load_data(config);
  Titled result{{}, loaded.titles.detected, loaded.titles.num_titles};
  for (const std::string& id : ids) {
    result.titles.push_back(loaded.dataset->title(*loaded.dataset->find_item(id)));
  }
  return result;
}

std::string refusal(const Texts& ids, std::string_view content, const TitleOptions& options = {}) {
  try {
    read(ids, content, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool holds(const std::string& text, const Texts& parts) {
  for (const std::string& part : parts) {
    if (text.find(part) == std::string::npos) {
      MESSAGE("missing: " << part << " in: " << text);
      return false;
    }
  }
  return !text.empty();
}

struct Case {
  const char* name;
  Texts ids;
  std::string content;
  Texts titles;
  std::string detected;
};

void check_cases(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const std::string name = c.name;
    CAPTURE(name);
    const Titled result = read(c.ids, c.content);
    CHECK(result.titles.size() == c.titles.size());
    for (std::size_t i = 0; i < c.titles.size(); ++i) {
      CHECK(result.titles[i] == c.titles[i]);
    }
    CHECK(result.detected == c.detected);
  }
}

TEST_CASE("titles: published tables of items") {
  check_cases({
      {"MovieLens",
       {"1", "2"},
       "movieId,title,genres\n1,\"Dangerous \"\"X\"\", The\",Drama|War\n2,Caf\xc3\xa9,Comedy\n",
       {"Dangerous \"X\", The", "Caf\xc3\xa9"},
       "comma-separated, header, id in 'movieId' (column 1), title in 'title' (column 2)"},
      {"MovieLens-100K",
       {"1", "2"},
       "1|Caf\xe9 (1995)|01-Jan-1995||http://x/0|0|0|1\n2|Jumanji "
       "(1995)|01-Jan-1995||http://x/1|1|0|0\n",
       {"Caf\xc3\xa9 (1995)", "Jumanji (1995)"},
       "pipe-separated, no header, id in column 1, title in column 2"},
      {"MovieLens-1M",
       {"1", "2"},
       "1::Fille, La::Drama|War\n2::Jumanji::Drama|War\n3::Heat::Action\n",
       {"Fille, La", "Jumanji"},
       "::-separated, no header, id in column 1, title in column 2"},
      {"BookCrossing",
       {"0195153448", "0002005018"},
       "\"ISBN\";\"Book-Title\";\"Book-Author\";\"Year-Of-Publication\";\"Image-URL-S\"\n"
       "\"0195153448\";\"Classical \\\"Myth\\\"; a Book\";\"M. "
       "Morford\";\"2002\";\"http://i/1.jpg\"\n"
       "\"0002005018\";\"Clara Callan\";\"R. Wright\";\"2001\";\"http://i/2.jpg\"\n",
       {"Classical \"Myth\"; a Book", "Clara Callan"},
       "semicolon-separated, header, id in 'ISBN' (column 1), title in 'Book-Title' (column 2)"},
      {"an author before the title",
       {"1", "2"},
       "\"ISBN\";\"Book-Author\";\"Book-Title\"\n\"1\";\"Mary X\";\"T0\"\n\"2\";\"Mary "
       "X\";\"T1\"\n",
       {"T0", "T1"},
       "semicolon-separated, header, id in 'ISBN' (column 1), title in 'Book-Title' (column 3)"},
      {"H&M",
       {"0108775015", "0110065001"},
       "article_id,product_code,prod_name,product_type_no,product_type_name,product_group_name,"
       "colour_group_name,department_name,index_name,detail_desc\n"
       "0108775015,0108775,Strap top,253,Vest top,Garment Upper body,Black,Jersey Basic,Ladieswear,"
       "\"Jersey top, narrow straps\"\n"
       "0110065001,0110065,OP T-shirt (Idro),306,Bra,Underwear,Black,Clean Lingerie,Lingeries,"
       "\"Microfibre T-shirt bra with underwired cups\"\n",
       {"Strap top", "OP T-shirt (Idro)"},
       "comma-separated, header, id in 'article_id' (column 1), title in 'prod_name' (column 3)"},
      {"KION",
       {"10711", "2508"},
       "item_id,content_type,title,title_orig,release_year,genres,description\n"
       "10711,film,\xd0\x9f\xd0\xbe\xd0\xb3\xd0\xbe\xd0\xb2\xd0\xbe\xd1\x80\xd0\xb8 \xd1\x81 "
       "\xd0\xbd\xd0\xb5\xd0\xb9,Hable con ella,2002,\"drama, foreign\",A long text\n"
       "2508,film,\xd0\x93\xd0\xbe\xd0\xbb\xd1\x8b\xd0\xb5,Search Party,2014,\"comedy, "
       "foreign\",Another long text\n",
       {"\xd0\x9f\xd0\xbe\xd0\xb3\xd0\xbe\xd0\xb2\xd0\xbe\xd1\x80\xd0\xb8 \xd1\x81 "
        "\xd0\xbd\xd0\xb5\xd0\xb9",
        "\xd0\x93\xd0\xbe\xd0\xbb\xd1\x8b\xd0\xb5"},
       "comma-separated, header, id in 'item_id' (column 1), title in 'title' (column 3)"},
      {"anime",
       {"32281", "5114"},
       "anime_id,name,genre,type,episodes,rating,members\n"
       "32281,Kimi no Na wa.,\"Drama, Romance\",Movie,1,9.37,200630\n"
       "5114,Fullmetal Alchemist: Brotherhood,\"Action, Drama\",TV,64,9.26,793665\n",
       {"Kimi no Na wa.", "Fullmetal Alchemist: Brotherhood"},
       "comma-separated, header, id in 'anime_id' (column 1), title in 'name' (column 2)"},
      {"anime 2020",
       {"1", "5"},
       "MAL_ID,Name,Score,Genres,English name,Japanese name,Type\n"
       "1,Cowboy Bebop,8.78,\"Action, Drama\",Bebop,BB,TV\n5,Tengoku no "
       "Tobira,8.39,Action,Heaven,TT,Movie\n",
       {"Cowboy Bebop", "Tengoku no Tobira"},
       "comma-separated, header, id in 'MAL_ID' (column 1), title in 'Name' (column 2)"},
      {"Last.fm artists",
       {"1", "2"},
       "id\tname\turl\tpictureURL\n1\tMALICE MIZER\thttp://l/1\thttp://p/1\n2\tDiary of "
       "Dreams\thttp://l/2\t\n",
       {"MALICE MIZER", "Diary of Dreams"},
       "tab-separated, header, id in 'id' (column 1), title in 'name' (column 2)"},
      {"a list of names",
       {"570", "730"},
       "570 Dota 2\n730 Counter Strike Global Offensive\n440 Team Fortress\n",
       {"Dota 2", "Counter Strike Global Offensive"},
       "space-separated, no header, id in column 1, title in column 2"},
  });
}

TEST_CASE("titles: a table without a header, its title among many texts") {
  std::string news;
  Texts ids;
  Texts titles;
  for (int i = 0; i < 40; ++i) {
    const std::string number = std::to_string(i);
    ids.push_back("N" + number);
    titles.push_back("The Brands Queen Elizabeth Swears By, part " + number);
    std::string abstract;
    if (i % 9 != 0) {
      abstract.assign(200, static_cast<char>('a' + i % 26));
      abstract += " b";
    }
    news += ids.back() + "\tnews\t" + (i % 2 == 0 ? "newsus" : "newsworld") + "\t" + titles.back();
    news += "\t" + abstract + "\thttps://x/" + number + ".html\t[{\"Label\": \"A\"}]\t[]\n";
  }
  const Titled result = read(ids, news);
  CHECK(result.titles == titles);
  CHECK(result.detected == "tab-separated, no header, id in column 1, title in column 4");
}

TEST_CASE("titles: separators in a title without quotes") {
  const std::string columns = ", id in column 1, title in column 3";
  check_cases({
      {"Netflix, all with a comma",
       {"1", "2"},
       "1,1990,At Home, A Stranger 0\n2,1991,At Home, A Stranger 1\n",
       {"At Home, A Stranger 0", "At Home, A Stranger 1"},
       "comma-separated, no header" + columns},
      {"Netflix, some with commas",
       {"1", "2", "3", "4"},
       "1,2003,Dinosaur Planet\n2,NULL,Love, Lies,and Videotape\n3,1997,Character\n4,1994,Paula\n",
       {"Dinosaur Planet", "Love, Lies,and Videotape", "Character", "Paula"},
       "comma-separated, no header" + columns},
      {"a header",
       {"1", "2"},
       "id,year,title\n1,1990,Home, Sweet Home\n2,1991,One,Two,Three\n",
       {"Home, Sweet Home", "One,Two,Three"},
       "comma-separated, header, id in 'id' (column 1), title in 'title' (column 3)"},
      {"the year after the title",
       {"1", "2"},
       "id,title,year\n1,Home,Sweet Home,1990\n2,Heat,1995\n",
       {"Home,Sweet Home", "Heat"},
       "comma-separated, header, id in 'id' (column 1), title in 'title' (column 2)"},
      {"a blank after every comma",
       {"1", "2"},
       "id, title, year\n1, Heat, 1995\n2, Alien, 1979\n",
       {"Heat", "Alien"},
       "comma-separated, header, id in 'id' (column 1), title in 'title' (column 2)"},
      {"trailing separators",
       {"1", "2"},
       "id,title\n1,Heat,,\n2,Alien,,\n",
       {"Heat", "Alien"},
       "comma-separated, header, id in 'id' (column 1), title in 'title' (column 2)"},
  });
}

TEST_CASE("titles: a comma in the first title of rows between pipes is no separator") {
  CHECK(read({"1", "2"},
             "1|Shop, The|01-Jan-1995||http://us.imdb.com/M/title-exact?1|0|1\n"
             "2|Doll, The|01-Jan-1996||http://us.imdb.com/M/title-exact?2|1|0\n")
            .titles == Texts{"Shop, The", "Doll, The"});
}

TEST_CASE("titles: an escaped quote within a title, in every row") {
  CHECK(
      read({"1", "2"}, "id,title\n1,\"The \\\"Big\\\" One\"\n2,\"The \\\"Old\\\" One\"\n").titles ==
      Texts{"The \"Big\" One", "The \"Old\" One"});
  // A backslash at the end of a title is a part of it.
  CHECK(read({"1", "2"}, "id,title\n1,\"C:\\\"\n2,\"D:\\\"\n").titles == Texts{"C:\\", "D:\\"});
}

TEST_CASE("titles: objects") {
  check_cases({
      {"Amazon 2014, Python dicts",
       {"0000031852", "0000031895"},
       "{'asin': '0000031852', 'title': \"Girls' Ballet\", 'price': 3.17, 'related': "
       "{'also_bought': "
       "['X']}, 'salesRank': {'Toys & Games': 211836}, 'categories': [['Sports', 'Dance']]}\n"
       "{'asin': '0000031895', 'title': 'Purple Tutu', 'categories': [['Sports']]}\n",
       {"Girls' Ballet", "Purple Tutu"},
       "Python dicts, id in 'asin', title in 'title'"},
      {"Amazon 2018",
       {"B0", "B1"},
       "{\"category\": [\"A\", \"B\"], \"title\": \"Nail, Polish\", \"brand\": \"X\", "
       "\"also_buy\": [\"B1\"], "
       "\"asin\": \"B0\"}\n{\"category\": [], \"title\": \"Polish\", \"brand\": \"\", \"asin\": "
       "\"B1\"}\n",
       {"Nail, Polish", "Polish"},
       "JSON objects, id in 'asin', title in 'title'"},
      {"Amazon 2023, data with parents",
       {"P0", "P1"},
       "{\"main_category\": \"Beauty\", \"title\": \"Oil\", \"asin\": \"V0\", \"parent_asin\": "
       "\"P0\"}\n"
       "{\"main_category\": \"Beauty\", \"title\": \"Soap\", \"asin\": \"V1\", \"parent_asin\": "
       "\"P1\"}\n",
       {"Oil", "Soap"},
       "JSON objects, id in 'parent_asin', title in 'title'"},
      {"Amazon 2023, data with variants",
       {"V0", "V1"},
       "{\"main_category\": \"Beauty\", \"title\": \"Oil\", \"asin\": \"V0\", \"parent_asin\": "
       "\"P0\"}\n"
       "{\"main_category\": \"Beauty\", \"title\": \"Soap\", \"asin\": \"V1\", \"parent_asin\": "
       "\"P1\"}\n",
       {"Oil", "Soap"},
       "JSON objects, id in 'asin', title in 'title'"},
      {"Goodreads",
       {"5333265", "1333909"},
       "{\"isbn\": \"0312853122\", \"series\": [], \"country_code\": \"US\", \"popular_shelves\": "
       "[{\"count\": "
       "\"3\", \"name\": \"to-read\"}], \"asin\": \"\", \"average_rating\": \"4.00\", \"authors\": "
       "[{\"author_id\": \"604031\", \"role\": \"\"}], \"publisher\": \"St. Martin's Press\", "
       "\"book_id\": "
       "\"5333265\", \"work_id\": \"5400751\", \"title\": \"W.C. Fields: A Life\", "
       "\"title_without_series\": "
       "\"W.C. Fields\"}\n"
       "{\"isbn\": \"0743509986\", \"series\": [], \"country_code\": \"US\", \"popular_shelves\": "
       "[], \"asin\": "
       "\"\", \"average_rating\": \"3.23\", \"authors\": [], \"publisher\": \"S & S\", "
       "\"book_id\": \"1333909\", "
       "\"work_id\": \"1323437\", \"title\": \"Good Harbor\", \"title_without_series\": \"Good "
       "Harbor\"}\n",
       {"W.C. Fields: A Life", "Good Harbor"},
       "JSON objects, id in 'book_id', title in 'title'"},
      {"Steam games",
       {"761140", "643980"},
       "{u'publisher': u'Kotoshiro', u'genres': [u'Action'], u'app_name': u'Lost Kitty', u'title': "
       "u'Lost "
       "Kitty', u'url': u'http://s/761140', u'release_date': u'2018-01-04', u'early_access': "
       "False, u'id': "
       "u'761140', u'price': 4.99}\n"
       "{u'publisher': u'Making Fun', u'genres': [u'Free'], u'app_name': u'Ironbound', u'title': "
       "u'Ironbound', "
       "u'url': u'http://s/643980', u'release_date': u'2018-01-04', u'id': u'643980', u'price': "
       "u'Free'}\n",
       {"Lost Kitty", "Ironbound"},
       "Python dicts, id in 'id', title in 'title'"},
      {"Yelp, numbers as ids, one array",
       {"1", "2"},
       "[\n  {\"business_id\": 1, \"name\": \"Abby Rappoport, LAC\", \"address\": \"1616 Chapala "
       "St\", \"city\": "
       "\"Santa Barbara\", \"attributes\": {\"ByAppointmentOnly\": \"True\"}, \"categories\": "
       "\"Doctors, "
       "Health\", \"hours\": null},\n"
       "  {\"business_id\": 2, \"name\": \"The UPS Store\", \"address\": \"87 Grasso Plaza\", "
       "\"city\": "
       "\"Affton\", \"attributes\": null, \"categories\": \"Shipping\", \"hours\": {\"Monday\": "
       "\"0:0-0:0\"}}\n]\n",
       {"Abby Rappoport, LAC", "The UPS Store"},
       "JSON objects, id in 'business_id', title in 'name'"},
      {"nested keys, and a line that is cut",
       {"1", "2"},
       "{\"movie\": {\"id\": \"1\", \"title\": \"Heat\"}}\n{\"movie\": {\"id\": \"2\", \"title\": "
       "\"Alien\"}}\n"
       "{\"movie\": {\"id\": \"3\", \n",
       {"Heat", "Alien"},
       "JSON objects, id in 'movie.id', title in 'movie.title', rows passed over: 1, the first: "
       "line 3: the object is not closed, or other text follows it"},
  });
}

TEST_CASE("titles: names of the things that the ids name come before those of others") {
  const std::string tracks =
      "artist_name,album_title,track_id,artist_id,track_name\n"
      "Abba,Gold,t1,a1,Waterloo Sunset\nBlur,Park,t2,a2,Parklife One\n";
  CHECK(read({"t1", "t2"}, tracks).titles == Texts{"Waterloo Sunset", "Parklife One"});
  CHECK(read({"a1", "a2"}, tracks).titles == Texts{"Abba", "Blur"});
  CHECK(read({"1", "2"}, "song_id,artist_name,song\n1,Abba,Waterloo\n2,Blur,Parklife\n").titles ==
        Texts{"Waterloo", "Parklife"});
}

TEST_CASE("titles: an object with an item per key") {
  const Texts titles{"Heat", "Alien"};
  CHECK(read({"B0", "B1"}, "{\"B0\": \"Heat\", \"B1\": \"Alien\"}").titles == titles);
  CHECK(read({"B0", "B1"},
             "{\n \"B0\": {\"title\": \"Heat\", \"brand\": \"X\"},\n \"B1\": {\"title\": "
             "\"Alien\", \"brand\": \"X\"}\n}\n")
            .titles == titles);
  CHECK(read({"B0"}, "{\"id\": \"B0\", \"title\": \"Heat\"}").titles == Texts{"Heat"});
}

TEST_CASE("titles: the values decide which column holds the ids") {
  const std::string index = "index,movieId,title\n1,31,Heat\n2,32,Alien\n3,33,Casino\n";
  CHECK(read({"31", "33"}, index).titles == Texts{"Heat", "Casino"});
  const std::string books =
      "book_id,goodreads_book_id,title\n1,2767052,Games\n2,3,Potter\n3,41865,Dusk\n";
  CHECK(read({"2767052", "3", "41865"}, books).titles == Texts{"Games", "Potter", "Dusk"});
  CHECK(read({"1", "2", "3"}, books).titles == Texts{"Games", "Potter", "Dusk"});
  // The flags of the genres are items of the data, too.
  CHECK(holds(
      refusal({"0", "1", "2"}, "900|Heat|0|1|0\n901|Alien|1|0|0\n902|Casino|0|0|1\n903|Up|0|0|0\n"),
      {"no column holds items of the data"}));
  // Items that the data lacks come first.
  CHECK(read({"B8", "B9"}, "B1\tHeat the first\nB2\tAlien two\nB8\tCasino three\nB9\tUp four\n")
            .titles == Texts{"Casino three", "Up four"});
}

TEST_CASE("titles: options name the columns") {
  const std::string table = "sku;label;text\n1;a;Heat\n2;b;Alien\n";
  CHECK(read({"a", "b"}, table, {"label", "text"}).titles == Texts{"Heat", "Alien"});
  CHECK(read({"a", "b"}, table, {"2", "3"}).titles == Texts{"Heat", "Alien"});
  CHECK(read({"1", "2"}, table, {"", "label"}).titles == Texts{"a", "b"});
  const std::string objects = "{\"a\": {\"k\": \"1\"}, \"b\": \"x\", \"title\": \"T\"}\n";
  CHECK(read({"1"}, objects, {"a.k", "b"}).titles == Texts{"x"});
  CHECK(holds(refusal({"1"}, table, {"skuu", ""}),
              {"--id-column", "has no column 'skuu'", "sku, label, text", "did you mean sku?"}));
  CHECK(holds(refusal({"1"}, table, {"", "4"}), {"--title-column", "has no column '4'"}));
  DataConfig config;
  config.data = {"no file"};
  config.titles.title_column = "title";
  CHECK_THROWS_WITH_AS(load_data(config),
                       "--title-column: expected the file of items; add --items FILE",
                       UsageError);
}

TEST_CASE("titles: files that do not fit are refused with what they hold and what to do") {
  CHECK(holds(refusal({"1", "2"}, "movieId,title\nN1,Heat\nN2,Alien\n"),
              {"no column holds items of the data",
               "'1', '2'",
               "'movieId' (column 1): 'N1', 'N2'",
               "--id-column"}));
  CHECK(holds(
      refusal({"1", "2"}, "movieId,title\nN1,Heat\nN2,Alien\n", {"movieId", ""}),
      {"no value of 'movieId' (column 1), such as 'N1', 'N2'", "'1', '2'", "movieId, title"}));
  CHECK(holds(refusal({"1", "2"}, "movieId,year\n1,1990\n2,1991\n"),
              {"found no column of titles", "movieId, year", "--title-column"}));
  CHECK(holds(refusal({"1"}, ""), {"the file is empty", "expected an item per row"}));
  CHECK(holds(refusal({"1"}, "Heat\nAlien\n"),
              {"items:1: expected an item per row", "got \"Heat\""}));
  CHECK(holds(refusal({"1"}, "id,title\n"), {"there is a header but no row"}));
  CHECK(holds(refusal({"1"}, "[1, \"Heat\"]\n[2, \"Alien\"]\n"), {"expected an object per item"}));
  CHECK(holds(refusal({"1"}, "id,title\n1,\n", {"", "title"}),
              {"'title' (column 2) is empty for every item"}));
}

TEST_CASE("titles: marks, blanks, quotes and line ends around values") {
  CHECK(read({"1"}, "movieId,title\n1,Director\x92s Cut\n").titles ==
        Texts{"Director\xe2\x80\x99s Cut"});
  CHECK(read({"1", "2"}, "\xef\xbb\xbfid\ttitle\r\n 1 \t Heat \r\n\r\n2\t\"Alien\"\r\n").titles ==
        Texts{"Heat", "Alien"});
  CHECK(read({"1", "2"}, "sep=;\nid;title\n1;Heat\n2;\"two\nlines\"\n").titles ==
        Texts{"Heat", "two\nlines"});
}

TEST_CASE("titles: an item that is named twice has its later title, and counts once") {
  const Titled twice = read({"1", "2"}, "id,title\n1,Heat\n2,Alien\n1,Heat (1995)\n1,\n3,Up\n");
  CHECK(twice.titles == Texts{"Heat (1995)", "Alien"});
  CHECK(twice.count == 2);
}

}  // namespace
}  // namespace elastic::data::titles_test
