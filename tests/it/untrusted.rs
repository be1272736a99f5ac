//! Text of others, made of the pieces that have a meaning somewhere: it commands nobody.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};
use slipway::report::markdown::{block, code, escape, sentence};
use slipway_runner::untrusted;

use crate::support::runner;

/// Pieces that mean something to the runner, to a terminal, to Markdown or to HTML, between any others.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        3 => proptest::sample::select(vec![
            "::", "##[", "]", "warning", "error", "add-mask", "stop-commands", "set-output name=x", "::warning::", "##[error]",
            " ", "\t", "\r", "\n", "\u{200b}", "\u{ad}", "\u{feff}", "\u{85}", "\u{2028}", "\u{1b}[31m", "\u{1b}]0;x\u{7}",
            "`", "``", "```", "|", "\\", "\\|", "<", ">", "<img src=x>", "<!--", "-->", "</td>", "[a](https://x.y)", "![a](x)", "](",
            "https://evil.example/", "http://x.y", "www.evil.example", "javascript:", "@team", "#1", "*", "**", "_", "~~", "$",
            "&lt;", "&#60;", "# ", "- ", "1. ", "    ", "---", "| --- |", "[^1]", "<https://x.y>", "a@b.cd",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-z]{1,6}",
    ];
    proptest::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

/// What a Markdown reader would do with a document, besides showing text.
fn deeds(markdown: &str) -> Vec<String> {
    let parser =
        Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES);
    let deed = |event| match event {
        Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) | Event::Rule => Some(format!("{event:?}")),
        Event::Start(
            Tag::Link { .. }
            | Tag::Image { .. }
            | Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::HtmlBlock
            | Tag::Heading { .. }
            | Tag::BlockQuote(_)
            | Tag::List(_)
            | Tag::FootnoteDefinition(_),
        ) => Some(format!("{event:?}")),
        _ => None,
    };
    parser.filter_map(deed).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_line_commands_the_runner(text in text()) {
        for line in untrusted::lines(&text) {
            for printed in [untrusted::own_line(line), format!("\u{2502} {}", untrusted::inner(line))] {
                prop_assert_eq!(runner::lines(&printed).len(), 1, "{:?} is several lines", printed);
                prop_assert_eq!(runner::command(&printed), None, "{:?}", printed);
                prop_assert!(!printed.contains('\u{1b}'), "{:?} commands a terminal", printed);
            }
        }
    }

    #[test]
    fn no_text_leaves_its_cell_or_does_anything_there(text in text()) {
        for cell in [code(&text), escape(&untrusted::one_line(&text)), sentence(&text)] {
            let table = format!("| a | b |\n| --- | --- |\n| x{cell} | end |\n");
            prop_assert_eq!(deeds(&table), Vec::<String>::new(), "{}", table);
            let cells = Parser::new_ext(&table, Options::ENABLE_TABLES).filter(|event| matches!(event, Event::Start(Tag::TableCell))).count();
            prop_assert_eq!(cells, 4, "{}", table);
            let last = Parser::new_ext(&table, Options::ENABLE_TABLES).filter_map(|event| match event {
                Event::Text(text) => Some(text.to_string()),
                _ => None,
            }).last();
            prop_assert_eq!(last.as_deref(), Some("end"), "{}", table);
        }
    }

    #[test]
    fn no_text_leaves_its_block(text in text()) {
        let lines: Vec<&str> = untrusted::lines(&text).collect();
        let document = format!("{}\nend\n", block(lines.iter().copied()));
        let blocks = Parser::new(&document).filter(|event| matches!(event, Event::Start(Tag::CodeBlock(_)))).count();
        prop_assert_eq!(blocks, 1, "{}", document);
        prop_assert_eq!(deeds(&document), Vec::<String>::new(), "{}", document);
        prop_assert!(Parser::new(&document).any(|event| event == Event::Text("end".into())), "{}", document);
    }
}
