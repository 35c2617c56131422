#include "access/password_rules.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace regesta::access {

namespace {

constexpr std::size_t fewest = 8, mostBytes = 1024;

/// Lower case, in order.
constexpr std::string_view common[] = {
    "!qaz2wsx",       "00000000",      "000000000",      "0000000000",
    "01234567",       "012345678",     "0123456789",     "098765432",
    "0987654321",     "10101010",      "10203040",       "1020304050",
    "11111111",       "111111111",     "1111111111",     "11112222",
    "111222333",      "11223344",      "1122334455",     "112233445566",
    "12121212",       "121212121",     "12312312",       "123123123",
    "1231231234",     "123321123",     "12341234",       "123412345",
    "12344321",       "123454321",     "1234554321",     "12345678",
    "123456789",      "1234567890",    "12345678910",    "123456789a",
    "123456789q",     "12345678a",     "1234567a",       "123456aa",
    "123456ab",       "123456abc",     "1234qwer",       "123654789",
    "123qwe123",      "123qweasd",     "123qweasdzxc",   "13131313",
    "147258369",      "147852369",     "159357456",      "159753456",
    "1q2w3e4r",       "1q2w3e4r!",     "1q2w3e4r5t",     "1q2w3e4r5t6y",
    "1qaz!qaz",       "1qaz2wsx",      "1qaz2wsx3edc",   "1qaz@wsx",
    "1qazxsw2",       "20202020",      "22222222",       "222222222",
    "31415926",       "314159265",     "33333333",       "369258147",
    "44444444",       "456123789",     "5201314520",     "55555555",
    "555555555",      "66666666",      "666666666",      "69696969",
    "741852963",      "77777777",      "777777777",      "789456123",
    "789654123",      "87654321",      "876543210",      "88888888",
    "888888888",      "8888888888",    "963852741",      "987654321",
    "9876543210",     "99999999",      "999999999",      "a1234567",
    "a12345678",      "a123456789",    "a1b2c3d4",       "a1b2c3d4e5",
    "a1s2d3f4",       "aa123456",      "aa12345678",     "aaa111222",
    "aaaa1111",       "aaaaaaaa",      "aaaaaaaaa",      "ab123456",
    "abc12345",       "abc123456",     "abc123abc",      "abcabcabc",
    "abcd1234",       "abcd12345",     "abcd123456",     "abcde12345",
    "abcdef12",       "abcdef123",     "abcdefgh",       "abcdefghi",
    "abcdefghij",     "access123",     "access14",       "admin123",
    "admin1234",      "admin12345",    "admin123456",    "admin@123",
    "adminadmin",     "administrator", "administrator1", "alejandra",
    "alejandro",      "alexander",     "alexandra",      "amanda123",
    "america1",       "andrew12",      "android1",       "anthony1",
    "anything",       "arsenal1",      "asd12345",       "asd123asd",
    "asdasdasd",      "asdf1234",      "asdf12345",      "asdfasdf",
    "asdfghjk",       "asdfghjkl",     "asdfghjkl123",   "asdfqwer",
    "ashley12",       "ashley123",     "australia",      "autumn2024",
    "azerty123",      "azertyuiop",    "babygirl",       "babygirl1",
    "babygirl12",     "bailey12",      "banana123",      "barcelona",
    "barcelona1",     "baseball",      "baseball1",      "baseball12",
    "basketball",     "basketball1",   "batman123",      "beautiful",
    "beautiful1",     "benjamin",      "blessed1",       "blessing",
    "blink182",       "bonjour1",      "borussia",       "brandon1",
    "broncos1",       "brooklyn1",     "business",       "buster12",
    "butterfly",      "butterfly1",    "california",     "caroline",
    "catherine",      "changeit",      "changeme",       "changeme1",
    "changeme123",    "changemenow",   "changethis",     "charlie1",
    "charlie123",     "cheese123",     "chelsea1",       "chevrolet",
    "chicago1",       "chocolate",     "chocolate1",     "christian",
    "christine",      "christopher",   "cinderella",     "company1",
    "company123",     "computer",      "computer1",      "computer123",
    "contrasena",     "contraseña",    "cookie123",      "correcthorsebatterystaple",
    "corvette",       "cowboys1",      "cristina",       "daniel12",
    "daniel123",      "danielle",      "database",       "december",
    "default1",       "default123",    "demo1234",       "demodemo",
    "diamond1",       "diamonds",      "docker123",      "donald123",
    "dontknow",       "doudou12",      "dragon12",       "dragon123",
    "dragonball",     "dragonballz",   "drowssap",       "eagles12",
    "einstein",       "elephant",      "elephant1",      "elizabeth",
    "estrella",       "facebook",      "facebook1",      "facebook123",
    "february",       "fernando",      "ferrari1",       "flower123",
    "flowers1",       "football",      "football1",      "football12",
    "football123",    "forever1",      "forever21",      "francisco",
    "freedom1",       "friends1",      "friendship",     "gabriel1",
    "gabriela",       "garfield",      "geheim123",      "germany1",
    "gfhjkmgfhjkm",   "ginger12",      "gitlab123",      "godzilla",
    "goodluck",       "goodmorning",   "google123",      "googlegoogle",
    "guest123",       "guestguest",    "hallo123",       "hallo1234",
    "hannah12",       "harley12",      "heather1",       "hello123",
    "hello1234",      "hello12345",    "hellohello",     "helloworld",
    "hockey12",       "hotstuff",      "hunter12",       "hunter123",
    "idontknow",      "ilovegod",      "ilovejesus",     "iloveme1",
    "iloveme123",     "ilovemyself",   "iloveyou",       "iloveyou!",
    "iloveyou1",      "iloveyou12",    "iloveyou123",    "iloveyou2",
    "iloveyou520",    "iloveyouu",     "internet",       "internet1",
    "internet123",    "ironman1",      "isabella",       "jackson1",
    "january1",       "jasmine1",      "jenkins1",       "jennifer",
    "jennifer1",      "jessica1",      "jonathan",       "jordan123",
    "jordan23",       "juventus",      "kawasaki",       "killer12",
    "killer123",      "kubernetes",    "lacrosse",       "lakers24",
    "letmein!",       "letmein1",      "letmein123",     "letmeinnow",
    "linkedin",       "liverpool",     "liverpool1",     "lkjhgfdsa",
    "login123",       "loginlogin",    "lollipop",       "lovelove",
    "lovely123",      "loveme123",     "lovers12",       "loveyou1",
    "loveyou123",     "madison1",      "maggie12",       "manchester",
    "master01",       "master12",      "master123",      "masterkey",
    "matthew1",       "maverick",      "melissa1",       "mercedes",
    "michael1",       "michael123",    "michelle",       "michelle1",
    "mickey123",      "mickeymouse",   "microsoft",      "midnight",
    "minecraft",      "minecraft1",    "mlflow123",      "mlflowmlflow",
    "mnbvcxz1",       "monday123",     "money123",       "monkey12",
    "monkey123",      "moonlight",     "motdepasse",     "mustang1",
    "mypassword",     "mysql123",      "naruto123",      "newpassword",
    "newyork1",       "nicholas",      "nicole12",       "ninja123",
    "nintendo",       "nopassword",    "nothing1",       "november",
    "october1",       "oldpassword",   "opensesame",     "oracle123",
    "orange123",      "p@ssw0rd",      "p@ssw0rd1",      "p@ssword",
    "pa55w0rd",       "pa55word",      "packers1",       "pass1234",
    "pass12345",      "pass123456",    "pass@123",       "pass@1234",
    "pass@word1",     "passpass",      "passpass1",      "passphrase",
    "passw0rd",       "passw0rd1",     "password",       "password!",
    "password..",     "password00",    "password01",     "password1",
    "password1!",     "password10",    "password11",     "password12",
    "password123",    "password1234",  "password12345",  "password123456",
    "password13",     "password2",     "password21",     "password22",
    "password69",     "password7",     "password88",     "password9",
    "password99",     "passwords",     "passwort",       "passwort1",
    "passwort123",    "patricia",      "patrick1",       "patriots",
    "peanut12",       "pepper12",      "phoenix1",       "pineapple",
    "playstation",    "poiuytrewq",    "pokemon1",       "pokemon123",
    "porsche1",       "portugal",      "postgres",       "postgres1",
    "precious",       "precious1",     "predator",       "princesa",
    "princess",       "princess1",     "princess12",     "princess123",
    "private1",       "public123",     "q12345678",      "q1q1q1q1",
    "q1w2e3r4",       "q1w2e3r4t5",    "q1w2e3r4t5y6",   "qazwsx123",
    "qazwsxedc",      "qazxswedc",     "qq123456",       "qqqqqqqq",
    "qwe123qwe",      "qweasd123",     "qweasdzxc",      "qweqweqwe",
    "qwer1234",       "qwerasdf",      "qwerasdfzxcv",   "qwerqwer",
    "qwerty!@#",      "qwerty01",      "qwerty12",       "qwerty123",
    "qwerty1234",     "qwerty12345",   "qwerty123456",   "qwertyui",
    "qwertyuio",      "qwertyuiop",    "qwertyuiop123",  "qwertz123",
    "qwertzuiop",     "raiders1",      "ranger12",       "rangers1",
    "realmadrid",     "rebecca1",      "redskins",       "robert12",
    "rockstar",       "rockstar1",     "root1234",       "rootroot",
    "rootroot1",      "samantha",      "samantha1",      "samsung1",
    "samsung123",     "schalke04",     "scooby12",       "scotland",
    "sebastian",      "secret12",      "secret123",      "secret1234",
    "secretpassword", "security",      "security1",      "september",
    "server123",      "sexybaby",      "shadow12",       "shadow123",
    "skateboard",     "snoopy12",      "soccer12",       "soccer123",
    "softball",       "something",     "sommer123",      "spiderman",
    "spiderman1",     "spongebob",     "spring2023",     "spring2024",
    "spring2025",     "starlight",     "startrek",       "starwars",
    "starwars1",      "steelers",      "stephanie",      "strawberry",
    "summer12",       "summer123",     "summer2020",     "summer2021",
    "summer2022",     "summer2023",    "summer2024",     "summer2025",
    "sunflower",      "sunshine",      "sunshine1",      "sunshine12",
    "superman",       "superman1",     "superman12",     "superman123",
    "supersecret",    "superuser",     "sweetheart",     "swordfish",
    "teamomucho",     "temp1234",      "temporary",      "tequiero",
    "terminator",     "test1234",      "test12345",      "test123456",
    "tester123",      "testing1",      "testing123",     "testtest",
    "testtest1",      "thepassword",   "thomas12",       "thunder1",
    "tigger12",       "tinkerbell",    "toor1234",       "topsecret",
    "trustno1",       "trustnoone",    "twitter1",       "user1234",
    "useruser",       "valentina",     "vanessa1",       "veronica",
    "victoria",       "victoria1",     "volleyball",     "w1234567",
    "warcraft",       "watermelon",    "welcome!",       "welcome01",
    "welcome1",       "welcome1!",     "welcome12",      "welcome123",
    "welcome1234",    "welcome2",      "whatever",       "whatever1",
    "william1",       "windows1",      "winter123",      "winter2020",
    "winter2023",     "winter2024",    "winter2025",     "woaini1314",
    "woaini520",      "wordpass",      "xbox3600",       "xxxxxxxx",
    "yankees1",       "yourpassword",  "youtube1",       "z1234567",
    "zaq12wsx",       "zaq1xsw2",      "zaq1zaq1",       "zxcv1234",
    "zxcvasdf",       "zxcvbnm,",      "zxcvbnm1",       "zxcvbnm123",
    "zxcvbnma",       "zxczxczxc",     "zzzzzzzz",
};
static_assert(std::ranges::is_sorted(common));

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80; }

/// "regesta" of "Regesta2026!".
std::string_view wordOf(std::string_view lowered) {
  while (!lowered.empty() && !isLetter(lowered.front())) lowered.remove_prefix(1);
  while (!lowered.empty() && !isLetter(lowered.back())) lowered.remove_suffix(1);
  return lowered;
}

bool repeats(std::string_view text, std::string_view word) {
  if (word.empty() || text.empty()) return false;
  while (text.starts_with(word)) text.remove_prefix(word.size());
  return text.empty();
}

}  // namespace

void checkNewPassword(std::string_view user, std::string_view password) {
  if (!isUtf8(password)) throw Invalid("password", "must be UTF-8");
  if (characterCount(password) < fewest) throw Invalid("password", "must have at least 8 characters");
  if (password.size() > mostBytes) throw Invalid("password", "must have at most 1024 bytes");
  if (password.starts_with("rgs_") || password.starts_with("sk-lf-"))
    throw Invalid("password", "must not begin with \"rgs_\" or \"sk-lf-\", as tokens do");
  std::string lowered = lower(password);
  if (std::ranges::binary_search(common, std::string_view(lowered)))
    throw Invalid("password", "must not be one of the most common passwords; choose another one");
  std::string name = lower(user);
  if (lowered == name || repeats(wordOf(lowered), name) || repeats(wordOf(lowered), wordOf(name)))
    throw Invalid("password", "must not be the name of the user; choose another one");
  if (repeats(wordOf(lowered), "regesta"))
    throw Invalid("password", "must not be the name of this product; choose another one");
}

}  // namespace regesta::access
