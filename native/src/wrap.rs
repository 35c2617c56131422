//! Python's textwrap.wrap, line by line, which is what Jinja2's wordwrap filter calls. Widths count characters, as there.

/// Options of the filter; the names are Jinja2's.
pub struct Options<'a> {
    pub width: usize,
    pub break_long_words: bool,
    pub break_on_hyphens: bool,
    pub wrapstring: &'a str,
}

/// The width is at least 1.
pub fn wrap(text: &str, options: &Options) -> String {
    let lines: Vec<String> = lines(text).iter().map(|line| wrap_line(line, options)).collect();
    lines.join(options.wrapstring)
}

/// str.splitlines.
fn lines(text: &str) -> Vec<Vec<char>> {
    let mut found = Vec::new();
    let mut line = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if c == '\r' {
                    rest.next_if_eq(&'\n');
                }
                found.push(std::mem::take(&mut line));
                if rest.peek().is_none() {
                    return found;
                }
            }
            _ => line.push(c),
        }
    }
    if !line.is_empty() {
        found.push(line);
    }
    found
}

fn wrap_line(line: &[char], options: &Options) -> String {
    let mut chunks = chunks(line, options.break_on_hyphens);
    chunks.reverse();
    let mut lines: Vec<String> = Vec::new();
    while let Some(last) = chunks.last() {
        if !lines.is_empty() && is_blank(last) {
            chunks.pop();
        }
        let current = next_line(&mut chunks, options);
        if !current.is_empty() {
            lines.push(current.concat().into_iter().collect());
        }
    }
    lines.join(options.wrapstring)
}

/// Takes from the end of `chunks` what fits on one line.
fn next_line<'a>(chunks: &mut Vec<&'a [char]>, options: &Options) -> Vec<&'a [char]> {
    let mut current: Vec<&[char]> = Vec::new();
    let mut length = 0;
    while let Some(chunk) = chunks.pop_if(|chunk| length + chunk.len() <= options.width) {
        length += chunk.len();
        current.push(chunk);
    }
    if let Some(chunk) = chunks.pop_if(|chunk| chunk.len() > options.width) {
        if options.break_long_words {
            let (head, tail) = chunk.split_at(break_at(chunk, options.width - length, options.break_on_hyphens));
            current.push(head);
            chunks.push(tail);
        } else if current.is_empty() {
            current.push(chunk);
        } else {
            chunks.push(chunk);
        }
    }
    current.pop_if(|chunk| is_blank(chunk));
    current
}

/// Where a word that is longer than `space` is broken: after its last hyphen within, if there is one.
fn break_at(word: &[char], space: usize, on_hyphens: bool) -> usize {
    let hyphen = word[..space].iter().rposition(|c| *c == '-').filter(|_| on_hyphens && word.len() > space);
    match hyphen {
        Some(at) if word[..at].iter().any(|c| *c != '-') => at + 1,
        _ => space,
    }
}

/// Words and the whitespace between them; words also end after hyphens and around dashes.
fn chunks(line: &[char], on_hyphens: bool) -> Vec<&[char]> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < line.len() {
        let end = if is_space(line[start]) {
            run(line, start, is_space)
        } else if on_hyphens {
            dash(line, start).unwrap_or_else(|| word(line, start))
        } else {
            run(line, start, |c| !is_space(c))
        };
        found.push(&line[start..end]);
        start = end;
    }
    found
}

/// The end of a dash ("--" or longer) between words that begins at `start`.
fn dash(line: &[char], start: usize) -> Option<usize> {
    let end = run(line, start, |c| c == '-');
    let between = start > 0 && is_word_or_mark(line[start - 1]) && line.get(end).is_some_and(|c| is_word(*c));
    (end - start >= 2 && between).then_some(end)
}

/// The end of the word or of the part of a hyphenated word that begins at `start`.
fn word(line: &[char], start: usize) -> usize {
    for end in start + 1..line.len() {
        if is_space(line[end]) || dash(line, end).is_some() {
            return end;
        }
        if hyphen(line, end) {
            return end + 1;
        }
    }
    line.len()
}

/// Whether a hyphenated word may be broken after its hyphen at `at`: letters on both sides, two of them or one and a mark.
fn hyphen(line: &[char], at: usize) -> bool {
    let letter = |index: Option<usize>| index.and_then(|i| line.get(i)).is_some_and(|c| is_letter(*c));
    let before = letter(at.checked_sub(1)) && letter(at.checked_sub(2))
        || at >= 3 && is_word_or_mark(line[at - 1]) && line[at - 2] == '-' && is_letter(line[at - 3]);
    let second = if line.get(at + 2) == Some(&'-') { at + 3 } else { at + 2 };
    line[at] == '-' && before && letter(Some(at + 1)) && letter(Some(second))
}

fn run(line: &[char], start: usize, belongs: impl Fn(char) -> bool) -> usize {
    line[start..].iter().position(|c| !belongs(*c)).map_or(line.len(), |length| start + length)
}

fn is_blank(chunk: &[char]) -> bool {
    chunk.iter().all(|c| c.is_whitespace())
}

fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_letter(c: char) -> bool {
    is_word(c) && !c.is_numeric()
}

fn is_word_or_mark(c: char) -> bool {
    is_word(c) || matches!(c, '!' | '"' | '\'' | '&' | '.' | ',' | '?')
}

/// The expected values are those of Python 3.11.
#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> String {
        wrap(text, &Options { width, break_long_words: true, break_on_hyphens: true, wrapstring: "|" })
    }

    #[test]
    fn fills_each_line_before_the_next() {
        assert_eq!(wrapped("aaa bb cc ddddd", 6), "aaa bb|cc|ddddd");
        assert_eq!(wrapped("  indented text", 8), "indented|text");
        assert_eq!(wrapped("one\n\n two\r\nthree", 20), "one|| two|three");
        assert_eq!(wrapped("", 5), "");
    }

    #[test]
    fn breaks_words_at_hyphens_and_dashes() {
        assert_eq!(wrapped("well-known state-of-the-art", 10), "well-known|state-of-|the-art");
        assert_eq!(wrapped("wait--what then", 6), "wait--|what|then");
        assert_eq!(wrapped("2020-01-02 x-ray", 6), "2020-|01-02|x-ray");
    }

    #[test]
    fn breaks_long_words_only_when_asked() {
        assert_eq!(wrapped("abcdefghij", 4), "abcd|efgh|ij");
        let whole = Options { width: 4, break_long_words: false, break_on_hyphens: false, wrapstring: "|" };
        assert_eq!(wrap("ab abcdefghij-kl m", &whole), "ab|abcdefghij-kl|m");
    }

    #[test]
    fn counts_characters() {
        assert_eq!(wrapped("äöü 日本語 🙂🙂", 3), "äöü|日本語|🙂🙂");
    }
}
