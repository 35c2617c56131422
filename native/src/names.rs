//! What a name may be made of, and when two names look alike (Unicode: UAX 15, UAX 24, UTS 39).
//!
//! Plain ASCII is not touched. Other text is refused where people would read it as something else: characters nobody
//! sees, words that mix scripts whose letters look alike, and words or signs that look like ASCII without being a
//! language's own letters. A name in one script may look like another name: skeletons of names are compared for that.

use unicode_normalization::{char::is_combining_mark, is_nfc};
use unicode_script::{Script, UnicodeScript};
use unicode_security::{confusable_detection::skeleton, GeneralSecurityProfile};

pub const FINE: i32 = 0;
pub const INVISIBLE: i32 = 1;
pub const BLANK_EDGE: i32 = 2;
pub const NOT_NFC: i32 = 3;
pub const MARKS: i32 = 4;
pub const MIXED: i32 = 5;
pub const LOOKS_ASCII: i32 = 6;

const MARKS_IN_A_ROW: usize = 3;
/// Signs that people write in names, although their skeletons are ASCII.
const PLAIN_SIGNS: [char; 5] = ['\u{2019}', '\u{2116}', '\u{bc}', '\u{bd}', '\u{be}']; // ’ № ¼ ½ ¾

/// Default_Ignorable_Code_Point, and what else shows nothing, steers the text around it or has no meaning of its own.
fn is_invisible(c: char) -> bool {
    let code = c as u32;
    c.is_control()
        || matches!(code,
            0x00AD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF
            | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFD | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A
            | 0xE0000..=0xE0FFF | 0xF0000..=0x10FFFF)
        || code & 0xFFFE == 0xFFFE
}

/// Scripts with letters that are drawn alike.
fn is_alike(script: Script) -> bool {
    matches!(
        script,
        Script::Latin
            | Script::Cyrillic
            | Script::Greek
            | Script::Armenian
            | Script::Cherokee
            | Script::Coptic
            | Script::Deseret
            | Script::Gothic
            | Script::Lisu
            | Script::Old_Italic
            | Script::Osage
    )
}

fn mixes_scripts(word: &str) -> bool {
    let mut first = None;
    for script in word.chars().map(|c| c.script()).filter(|script| is_alike(*script)) {
        if *first.get_or_insert(script) != script {
            return true;
        }
    }
    false
}

fn looks_ascii(text: &str) -> bool {
    !text.is_ascii() && skeleton(text).all(|c| c.is_ascii())
}

/// A Greek letter alone, as in "α-model".
fn is_greek_symbol(part: &str) -> bool {
    let mut chars = part.chars();
    chars.next().is_some_and(|c| c.script() == Script::Greek) && chars.next().is_none()
}

/// Whether a part that looks like ASCII is a word of a language ("сахар") or a plain sign. In a name of several scripts
/// such a word could as well be meant to be read as Latin.
fn reads_as_written(part: &str, mixed: bool) -> bool {
    part.chars().all(|c| c.is_ascii() || PLAIN_SIGNS.contains(&c) || (c.is_alphabetic() && c.identifier_allowed()))
        && (!mixed || part.chars().all(|c| !is_alike(c.script()) || c.is_ascii()) || is_greek_symbol(part))
}

fn is_of_word(c: char) -> bool {
    c.is_alphabetic() || is_combining_mark(c) || (c.is_numeric() && !c.is_ascii())
}

fn stacks_marks(text: &str) -> bool {
    let mut row = MARKS_IN_A_ROW; // none may begin the name
    for c in text.chars() {
        row = if is_combining_mark(c) { row + 1 } else { 0 };
        if row > MARKS_IN_A_ROW {
            return true;
        }
    }
    false
}

/// FINE, or the first rule that the name breaks.
pub fn fault_of(name: &str) -> i32 {
    if name.chars().any(is_invisible) {
        return INVISIBLE;
    }
    if name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace) {
        return BLANK_EDGE;
    }
    if name.is_ascii() {
        return FINE;
    }
    if !is_nfc(name) {
        return NOT_NFC;
    }
    if stacks_marks(name) {
        return MARKS;
    }
    let mixed = mixes_scripts(name);
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let word = is_of_word(first);
        let end = if word { rest.find(|c| !is_of_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (part, behind) = rest.split_at(end);
        if word && mixes_scripts(part) {
            return MIXED;
        }
        if looks_ascii(part) && !reads_as_written(part, mixed) {
            return LOOKS_ASCII;
        }
        rest = behind;
    }
    FINE
}

/// What a name looks like: names with equal skeletons are drawn alike (UTS 39, section 4).
pub fn skeleton_of(name: &str) -> String {
    skeleton(name).collect()
}

/// Two different names that people take for one another: by their letters' case, or by what the letters look like.
pub fn look_alike(a: &str, b: &str) -> bool {
    a != b && (a.to_lowercase() == b.to_lowercase() || skeleton(a).eq(skeleton(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_use() {
        for name in [
            "loan-risk",
            "a b/c",
            "крeдит".replace('e', "е").as_str(),
            "модель-v2",
            "café",
            "Straße",
            "顧客VIP",
            "東京モデル",
            "한국어",
            "नमस्ते",
            "ลูกค้าVIP",
            "🙂 model",
            "πρότυπο",
            "x_ä.1",
            "сахар",
            "\u{440}\u{430}\u{443}-2",
            "α-model",
            "№1",
            "it’s",
            "½",
            "v½",
            "kırık",
        ] {
            assert_eq!(fault_of(name), FINE, "{name}");
        }
    }

    #[test]
    fn names_that_mislead() {
        for (name, fault) in [
            ("lo\u{200b}an", INVISIBLE),
            ("a\u{202e}b", INVISIBLE),
            ("a\u{fe0f}", INVISIBLE),
            ("a\nb", INVISIBLE),
            ("loan\u{a0}", BLANK_EDGE),
            (" loan", BLANK_EDGE),
            ("loan\u{3000}", BLANK_EDGE),
            ("cafe\u{301}", NOT_NFC),
            ("x\u{0323}\u{0331}\u{0332}\u{0333}", MARKS),
            ("lo\u{0430}n", MIXED),
            ("\u{03b1}lpha", MIXED),
            ("loan-\u{0441}\u{043e}\u{0440}", LOOKS_ASCII),
            ("loan \u{0430}", LOOKS_ASCII),
            ("\u{03bf}\u{03bd}-loan", LOOKS_ASCII),
            ("\u{217c}oan", LOOKS_ASCII),
            ("loan\u{2013}risk\u{2010}", LOOKS_ASCII),
            ("\u{ff4c}oan", LOOKS_ASCII),
            ("loan\u{2010}risk", LOOKS_ASCII),
            ("a\u{a0}b", LOOKS_ASCII),
            ("a\u{2044}b", LOOKS_ASCII),
        ] {
            assert_eq!(fault_of(name), fault, "{name:?}");
        }
    }

    #[test]
    fn twins() {
        assert!(look_alike("Rita", "rita") && look_alike("admin1", "adminl"));
        assert!(!look_alike("rita", "rita") && !look_alike("rita", "rica"));
        assert_eq!(skeleton_of("\u{440}\u{430}\u{443}"), skeleton_of("pay"));
        assert_eq!(skeleton_of("it’s"), skeleton_of("it's"));
        assert_ne!(skeleton_of("Loan"), skeleton_of("loan"));
    }
}
