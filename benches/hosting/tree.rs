//! The site that is released: files like those a frontend build leaves, of 1 to 60 kB, an hour old.

use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::random::Random;

/// Every file's age: caches of hashes pass over what has just been written.
const AGE: Duration = Duration::from_secs(3600);

/// Makes a site of so many files; the same on every machine. Gives back its bytes.
pub(crate) fn generate(public: &Path, files: usize) -> std::io::Result<usize> {
    let mut random = Random::new(20_261_125);
    let words: Vec<String> = (0..4_000).map(|_| random.word()).collect();
    let mut bytes = 0;
    for index in 0..files {
        // Many small files and some large: 20 kB on average.
        let part = random.below(1_000);
        let size = 1_000 + 59 * part * part / 1_000;
        let hash = format!("{:08x}", random.below(0xffff_ffff));
        let (path, content) = match index % 20 {
            0..9 => (format!("assets/chunk-{index}.{hash}.js"), random.source(&words, size)),
            9..11 => (format!("assets/style-{index}.{hash}.css"), lines(&mut random, &words, size, css)),
            11..14 => (format!("pages/s{}/p{index}/index.html", index % 50), lines(&mut random, &words, size, html)),
            14..16 => (format!("data/{}/{index}.json", index % 30), lines(&mut random, &words, size, json)),
            16..18 => (format!("icons/{index}.{hash}.svg"), lines(&mut random, &words, size, svg)),
            _ => (format!("images/{}/{index}.{hash}.webp", index % 10), random.bytes(size)),
        };
        bytes += content.len();
        write(&public.join(path), &content)?;
    }
    write(&public.join("index.html"), b"<!doctype html><title>Harbour</title><h1>Harbour</h1>\n")?;
    Ok(bytes)
}

/// Writes a file that is an hour old.
pub(crate) fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(path, content)?;
    std::fs::File::options().write(true).open(path)?.set_modified(SystemTime::now() - AGE)
}

/// Gives all files of a directory another time.
pub(crate) fn touch(directory: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            touch(&path)?;
        } else {
            std::fs::File::options().write(true).open(path)?.set_modified(SystemTime::now() - AGE)?;
        }
    }
    Ok(())
}

/// A text of one shape, with words of its own.
fn lines(random: &mut Random, words: &[String], size: usize, shape: fn([&str; 3], usize) -> String) -> Vec<u8> {
    let own: Vec<&String> = (0..60).map(|_| &words[random.below(words.len())]).collect();
    let mut text = String::new();
    while text.len() < size {
        let any = &words[random.below(words.len())];
        text += &shape([own[random.below(60)], own[random.below(60)], any], random.below(0xff_ffff));
    }
    text.truncate(size);
    text.into_bytes()
}

fn css([a, b, c]: [&str; 3], number: usize) -> String {
    format!(".{a}-{b}:hover>.{c}{{margin:{}px {}px;color:#{number:06x};display:flex}}", number % 64, number % 7)
}

fn html([a, b, c]: [&str; 3], number: usize) -> String {
    format!("<section id=\"{a}-{number}\" class=\"{b} card\"><h2>{a} {c}</h2><p>{c} {b} {a} {b}.</p></section>\n")
}

fn json([a, b, c]: [&str; 3], number: usize) -> String {
    format!("{{\"id\":{number},\"name\":\"{a} {b}\",\"tags\":[\"{c}\",\"{b}\"],\"price\":{}.99}},", number % 500)
}

fn svg([a, ..]: [&str; 3], number: usize) -> String {
    let (x, y) = (number % 97, number % 89);
    format!("<path id=\"{a}\" d=\"M{x}.{y} {y}.{x}l{}-{y}c{x}.5 0 {}.2-{x}z\" fill=\"#{number:06x}\"/>", x + y, y / 2)
}
