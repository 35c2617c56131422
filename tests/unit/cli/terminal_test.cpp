// What the server sends is shown on the terminal as it is: nothing drives it, and nothing hides in it.
#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace regesta::cli {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  for (std::string_view text :
       {"plain\n\ttext", "na\u00efve \u65e5\u672c\u8a9e", "\u2764\ufe0f \U0001F468\u200d\U0001F469", ""})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, ShowsWhatNobodySees) {
  EXPECT_EQ(printable("a\x1b[2Jb\x7f"), "a\\x1b[2Jb\\x7f");
  EXPECT_EQ(printable("\u0085"), "\\x85");
  EXPECT_EQ(printable("pay \u202e001\u202c now\u200b"), "pay \\u{202e}001\\u{202c} now\\u{200b}");
  EXPECT_EQ(printable("a\u200db\ufeff\u00ad\U000e0041"), "a\\u{200d}b\\u{feff}\\u{ad}\\u{e0041}");
}

TEST(Printable, TakesBrokenUtf8ByteByByte) {
  EXPECT_EQ(printable("a\xe2\x80"), "a\xe2\x80");
  EXPECT_EQ(printable("\xff\x1b"), "\xff\\x1b");
}

}  // namespace
}  // namespace regesta::cli
