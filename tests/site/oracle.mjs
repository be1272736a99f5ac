// Asks firebase-tools which files it would upload, and writes the answers to `tests/site/data/`.
//
//     npm install firebase-tools@15
//     node tests/site/oracle.mjs node_modules/firebase-tools
//
// For development only: the tests read what it wrote and never run it. Pairs are generated from a fixed seed; hard ones
// are listed by hand. Each pair is a real directory with one file, listed by firebase-tools' own `listFiles`. `@PUBLIC@`
// in a pattern stands for the absolute path of that directory. The versions that answered are written beside.
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const tools = path.resolve(process.argv[2] ?? "node_modules/firebase-tools");
const require = createRequire(path.join(tools, "package.json"));
const { listFiles } = require(path.join(tools, "lib/listFiles.js"));
const data = process.env.OUT ?? path.join(path.dirname(new URL(import.meta.url).pathname), "data");

const version = (name, from = tools) => {
  for (let at = from; ; at = path.dirname(at)) {
    const file = path.join(at, "node_modules", name, "package.json");
    if (fs.existsSync(file)) return [JSON.parse(fs.readFileSync(file)).version, path.dirname(file)];
  }
};
const [glob, globAt] = version("glob");
const [minimatch, minimatchAt] = version("minimatch", globAt);
const [braces] = version("brace-expansion", minimatchAt);
const versions = {
  "firebase-tools": JSON.parse(fs.readFileSync(path.join(tools, "package.json"))).version,
  glob,
  minimatch,
  "brace-expansion": braces,
};

// mulberry32: the same sequence everywhere.
let state = Number(process.env.SEED ?? 20251125);
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const below = (n) => Math.floor(random() * n);
const pick = (all) => all[below(all.length)];
const chance = (p) => random() < p;

const NAMES = [
  "a", "b", "ab", "abc", "aab", "a.b", "a.js", "b.js", "ab.min.js", ".a", ".env", ".ab.c", "index.html", "a b", "a-b",
  "[a]", "{a,b}", "(a)", "!a", "#a", "ä", "Ä", "😀", "a😀", "é1", "x1", "x12", "_", "+a", "@a", "a|b", "a\\b", "A", "a,b", "^",
  "-", "a]", "node_modules", "a..b", "...", "1", "01", "$a",
];
const SETS = ["[ab]", "[!a]", "[^b]", "[a-c]", "[[:alpha:]]", "[[:digit:]]", "[![:upper:]]", "[[:alnum:]_]", "[]a]", "[!]]",
  "[a", "[-a]", "[a-]", "[.]", "[.a]", "[\\]a]", "[\\^a]", "[b-a]", "[[:punct:]]", "[[:space:]]", "[*]", "[?]", "[ä]", "[😀]"];
const KINDS = ["@", "!", "?", "*", "+"];
const letters = () => pick(["a", "b", "ab", ".a", "b.js", "1", "c", "", "a.b", "js"]);

const extglob = (depth) => {
  const alternatives = Array.from({ length: 1 + below(3) }, () => {
    let inside = chance(0.15) ? pick(["*", "?", "[ab]", "*b", "a*", ".*"]) : letters();
    if (depth < 3 && chance(0.25)) inside = (chance(0.5) ? inside : "") + extglob(depth + 1) + (chance(0.3) ? letters() : "");
    return inside;
  });
  return `${pick(KINDS)}(${alternatives.join("|")})`;
};
const brace = (depth) => {
  const kind = below(8);
  if (kind === 0) return pick(["{1..3}", "{01..03}", "{a..c}", "{3..1}", "{1..9..4}", "{a..e..2}", "{-1..1}", "{x..z}"]);
  if (kind === 1) return pick(["{a}", "{}", "{,}", "{a,", "a}", "${a,b}", "{a},b}", "{{a,b}}", "\\{a,b\\}", "{a\\,b,c}"]);
  const members = Array.from({ length: 2 + below(2) }, () =>
    depth < 2 && chance(0.2) ? brace(depth + 1) : pick([letters(), "*", "a/b", "**", ".*", "?(a)b", letters()]));
  return `{${members.join(",")}}`;
};
const piece = () => {
  const kind = below(20);
  if (kind < 5) return letters();
  if (kind < 8) return "*";
  if (kind < 9) return "?";
  if (kind < 12) return pick(SETS);
  if (kind < 15) return extglob(0);
  if (kind < 18) return brace(0);
  return pick(["\\*", "\\a", "\\", "***", ".", "..", "\\\\", "-", " ", "!", "#"]);
};
const part = () => {
  if (chance(0.2)) return "**";
  if (chance(0.05)) return pick([".", "..", "", "*.*", ".*", "*.js", "??", "???.js", "****"]);
  return Array.from({ length: 1 + below(3) }, piece).join("");
};
const name = () => (chance(0.8) ? pick(NAMES) : letters() + pick(NAMES)).replace(/^\.{0,2}$/, "a");
const file = () => Array.from({ length: 1 + below(3) }, name).join("/");

// A pattern near to the path, so that about half of the pairs match.
const near = (target) => {
  const parts = target.split("/").map((text) => {
    if (chance(0.15)) return "**";
    if (chance(0.15)) return "*";
    if (chance(0.35)) return text;
    const letters = [...text];
    const at = below(letters.length);
    const kind = below(9);
    const rest = letters.slice(at).join("");
    const head = letters.slice(0, at).join("");
    const tail = letters.slice(at + 1).join("");
    if (kind === 0) return `${head}*`;
    if (kind === 1) return `*${rest}`;
    if (kind === 2) return `${head}?${tail}`;
    if (kind === 3) return `${head}[${letters[at]}${pick(["", "x", "-z", "]"])}]${tail}`;
    if (kind === 4) return `${head}${pick(["@", "+", "*", "?"])}(${letters[at]}|${pick(["x", "b", ""])})${tail}`;
    if (kind === 5) return `${head}!(${pick([rest, "x", "a", letters[at]])})${pick(["", "", tail])}`;
    if (kind === 6) return `${head}{${letters[at]},${pick(["x", "y/z", ""])}}${tail}`;
    if (kind === 7) return `${head}\\${rest}`;
    return `${head}[!${pick([letters[at], "x", "0-9"])}]${tail}`;
  });
  if (chance(0.15)) parts.splice(below(parts.length + 1), 0, "**");
  if (chance(0.1)) parts.splice(below(parts.length), 1);
  if (chance(0.05)) parts.splice(below(parts.length + 1), 0, pick([".", "..", "x"]));
  return (chance(0.05) ? "@PUBLIC@/" : chance(0.05) ? "./" : chance(0.03) ? "/" : "") + parts.join("/") + (chance(0.07) ? "/" : chance(0.05) ? "/**" : "");
};

const HARD = [
  ["a", "a"], ["x/a", "a"], ["a/b", "a"], ["a/b", "a/"], ["a", "a/"], ["a/b", "a/**"], ["a", "a/**"], ["a/b/c", "a/*"],
  ["a/b", "**"], [".a", "**"], [".a/b", "*/b"], [".a", "*"], ["a/.b", "**/.*"], ["a/.b/c", "**/.*"], ["a/.b/c", "**/.*/**"],
  ["a", "./a"], ["a", ".//./a"], ["a", "/a"], ["a", "@PUBLIC@/a"], ["x/a", "@PUBLIC@/**"], ["x/a", "@PUBLIC@/*"],
  ["a", "!b"], ["!b", "!b"], ["a", "!(b)"], ["b", "!(b)"], ["#a", "#a"], ["a", ""], ["a", " "], ["a", "."], ["a", ".."],
  ["a", "x/../a"], ["a", "**/../a"], ["x/y/b/c", "x/**/../b/c"], ["a", "*/../a"], ["x/a", "x//a"], ["a.js", "*\\.js"],
  ["a\\.js", "*\\.js"], ["a.js", "?\\.js"], ["{a,b}", "\\{a,b\\}"], ["a", "\\{a,b\\}"], ["a,b", "{a\\,b,c}"], ["a", "{a}"],
  ["{a}", "{a}"], ["a", "!(@(a))"], ["a", "!(a|)"], ["a", "!()"], ["@()", "@()"], ["@", "@()"], ["a", "@(a|b"], ["@(a|b", "@(a|b"],
  ["ab", "+(a|b)"], ["", "a"], ["aab", "*(a)b"], ["abc", "!(a)bc"], ["abc", "!(ab)c"], ["a.js", "!(*.min).js"],
  ["a.min.js", "!(*.min).js"], ["a.js", "!(*.js|*.css)"], ["a.txt", "!(*.js|*.css)"], ["😀", "?"], ["😀", "??"], ["😀", "[😀]"],
  ["😀", "[[:alpha:]😀]"], ["😀", "[[:alpha:]]"], ["ä", "[[:lower:]]"], ["ä", "[a-z]"], ["^", "[\\^]"], ["b", "[\\^a]"], ["^", "[\\^a]"],
  ["a-x", "[[:alpha:]]-x"], ["a", "[[:alpha:]"], ["a", "[[:bogus:]]"], [":]", "[[:bogus:]]"], ["a]", "[a]]"], ["]", "[]]"], ["-", "[a-]"],
  ["b", "[a-\\c]"], ["[", "[[]"], ["a", "[a-[:digit:]]"], ["a|b", "*\\|b"], ["a/b/c/d", "a/**/d"], ["a/d", "a/**/d"],
  ["a/b/a/b/c", "**/a/b/**/c"], ["a/b/c", "**/**/c"], ["a/x/b/y/a/c", "a/**/b/**/a/**/c"], ["a/b", "**/a/**/b/**"],
  ["a/b/c", "**/a/**/b/**"], ["a/b/b/c", "**/b/**/b/**"], ["x/y/z", "**/x/**/z/**/z"], ["a/!b", "a/!(b)"], ["a", "a/!(b)"], ["a/b", "a/!(b)"],
  ["firebase-debug.log", "x"], ["a/firebase-debug.log", "x"], ["a/firebase-debug.1.log", "x"], [".firebase/x", "x"],
  [".firebase/x/y", "x"], ["a/.firebase/x", "x"], ["firebase-debug.logs", "x"], [".well-known/assetlinks.json", "**/.*"],
  ["node_modules/a/b.js", "**/node_modules/**"], ["x/node_modules/a", "**/node_modules/**"], ["firebase.json", "firebase.json"],
  ["a/firebase.json", "firebase.json"], ["A", "a"], ["abc", "a{b,x}c"], ["a1", "a{1..3}"], ["a02", "a{01..10}"], ["b", "{a..c}"],
  ["a/b", "{a,x}/{b,y}"], ["a/b", "{a/b,c}"], ["a}c", "a{},b}c"], ["aa", "@(a)@(a)"], ["a", "?(a)?(b)"], ["ab", "*(?)"], ["a.b", "*(*).b"],
  ["aXb", "a!(X)b"], ["aYb", "a!(X)b"], ["ab", "a!(X)b"], ["abab", "+(ab|!(x))"], ["foo.a.b", "foo.!(a).b"], ["a", "@(@(@(@(a))))"],
  ["a", "@(!(@(!(a))))"], ["a", "!(!(a))"], ["b", "!(!(a))"], ["a", "!(!(!(a)))"], ["aa", "+(+(a))"], ["", "?"], ["a\nb", "a?b"], ["a\nb", "a*"],
  ["a", "{,a}"], ["b", "{a,b}{,c}"], ["a", "{a,}"], ["*", "\\*"], ["a", "\\*"], ["a\\", "a\\"], ["a\\", "a\\\\"], ["a", "\\a"], ["[a]", "\\[a\\]"],
  ["[a]", "[[]a[]]"], ["a b", "a b"], ["a/", "a"], ["a//b", "a/b"], ["a.", "*."], ["..a", "..*"], ["..a", "*"], ["...", "???"], ["...", "..?"],
  ["ac", "a*\\|b"], ["cb", "a*\\|b"], ["a|b", "a*\\|b"], ["x?()", "!(a)?()"], ["ab", "a+()"], ["a", "*()"], ["*()", "*()"], ["+()b", "+()b"], ["b", "+()b"],
  ["b", "@()b"], ["a", "{}a"], ["{}a", "{}a"], ["٣", "[[:digit:]]"], ["½", "[[:digit:]]"], ["½", "[[:alnum:]]"], ["Ⅷ", "[[:alpha:]]"], ["ⓐ", "[[:alpha:]]"],
  ["ⓐ", "[[:lower:]]"], ["ª", "[[:lower:]]"], ["—", "[[:punct:]]"], ["¿", "[[:punct:]]"], ["。", "[[:punct:]]"], ["$", "[[:punct:]]"], ["\u00a0", "[[:blank:]]"],
  ["\u3000", "[[:space:]]"], ["\u200b", "[[:print:]]"], ["\u00ad", "[[:graph:]]"], ["́a", "[[:alpha:]]a"], ["日", "[[:word:]]"], ["ー", "[[:alnum:]]"], ["ा", "[[:alpha:]]"],
  ["a-b", "[[:alnum:]-]*"], ["É", "[[:upper:]]"], ["ß", "[![:upper:]]"], ["é", "[[:ascii:]]"], ["F", "[[:xdigit:]]"], ["\u0085", "[[:space:]]"],
];

const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "oracle-")));
const ask = (directory, ignore) => {
  try {
    return listFiles(directory, ignore.map((pattern) => pattern.replaceAll("@PUBLIC@", directory))).sort();
  } catch (error) {
    return `refused: ${error.message.split("\n")[0].slice(0, 120)}`;
  }
};
let count = 0;
const pair = (target, pattern) => {
  const directory = path.join(root, `p${count++}`);
  fs.mkdirSync(path.dirname(path.join(directory, target)), { recursive: true });
  fs.writeFileSync(path.join(directory, target), "");
  const listed = ask(directory, [pattern]);
  fs.rmSync(directory, { recursive: true });
  return { path: target, pattern, ignored: typeof listed === "string" ? listed : listed.length === 0 };
};

const hand = HARD.filter(([target]) => target && !target.endsWith("/")).map(([target, pattern]) => pair(target.replace(/\/+/g, "/"), pattern));
const generated = [];
const seen = new Set();
const wanted = Number(process.env.PAIRS ?? 1500);
while (generated.length < wanted) {
  const target = file();
  const pattern = chance(0.65) ? near(target) : Array.from({ length: 1 + below(3) }, part).join("/");
  const key = JSON.stringify([target, pattern]);
  if (seen.has(key) || pattern.includes("..") && chance(0.7)) continue;
  seen.add(key);
  generated.push(pair(target, pattern));
}

const STANDARD = ["firebase.json", "**/.*", "**/node_modules/**"];
const trees = [
  { name: "a built frontend", files: ["index.html", "assets/a.js", "assets/a.css", "favicon.ico", ".nojekyll"], ignore: STANDARD },
  { name: "dotfiles with the usual rules", files: [".env", ".git/config", ".well-known/assetlinks.json", "a/.b/c", "a/.b/.c", "x"], ignore: STANDARD },
  { name: "no rules at all", files: [".a", ".b/c", "d/.e", "f", "firebase-debug.log", "d/firebase-debug.9.log", ".firebase/hosting.x.cache", ".firebase/a/b"], ignore: [] },
  { name: "node_modules", files: ["node_modules/a/index.js", "x/node_modules/b.js", "node_modules.js", "my_node_modules/a"], ignore: STANDARD },
  { name: "links to files and directories", files: ["real/a.html", "real/sub/b.html"], links: { "link.html": "real/a.html", alias: "real", "real/up": "../other" , "other/x": "../real/a.html" }, ignore: [] },
  { name: "links that the rules name", files: ["real/a.html", "keep"], links: { alias: "real", "l.html": "keep" }, ignore: ["alias/**", "l.html"] },
  { name: "a link named without its content", files: ["real/a.html"], links: { alias: "real" }, ignore: ["alias"] },
  { name: "a link's target is named, not the link", files: ["real/a.html"], links: { alias: "real" }, ignore: ["real/**"] },
  { name: "links through links", files: ["a/f"], links: { b: "a", c: "b", "d/e": "../c" }, ignore: ["c/**"] },
  { name: "nested rules", files: ["a/b/c/d", "a/b/e", "a/f", "g/b/h"], ignore: ["a/*/c/**", "**/b/h", "a/b"] },
  { name: "a directory by name only", files: ["dir/a", "dir/b/c", "x/dir/d"], ignore: ["dir"] },
  { name: "a directory with a slash", files: ["dir/a", "x/dir/d", "file"], ignore: ["dir/", "file/"] },
  { name: "negation does not exist", files: [".env", "a.js", "!a.js"], ignore: ["**/.*", "!.env", "*.js", "!a.js"] },
  { name: "absolute and relative to the top", files: ["a", "b/c", "b/d"], ignore: ["/a", "@PUBLIC@/b/c"] },
  { name: "everything below", files: ["a", "b/c"], ignore: ["@PUBLIC@/**"] },
  { name: "extended globs", files: ["a.js", "a.min.js", "b.css", "c/d.min.js", "c/e.map"], ignore: ["**/!(*.min).js", "**/*.@(map|css)"] },
  { name: "braces and sequences", files: ["p1.html", "p2.html", "p10.html", "en/a", "de/a", "fr/a"], ignore: ["p{1..9}.html", "{en,de}/**"] },
  { name: "names with spaces and letters of others", files: ["ä/ö.html", "a b/c d", "日本/語.html", "😀/x"], ignore: ["?/*.html", "a b/**"] },
  { name: "stars in the middle", files: ["a/x/b/f", "a/b/f", "a/x/y/b/f", "a/x/y/g"], ignore: ["a/**/b/**"] },
  { name: "an empty directory", files: ["a"], directories: ["b/c"], ignore: ["a"] },
];
for (const tree of trees) {
  const directory = path.join(root, "tree");
  for (const file of tree.files) {
    fs.mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    fs.writeFileSync(path.join(directory, file), "");
  }
  for (const name of tree.directories ?? []) fs.mkdirSync(path.join(directory, name), { recursive: true });
  for (const [link, target] of Object.entries(tree.links ?? {})) {
    fs.mkdirSync(path.dirname(path.join(directory, link)), { recursive: true });
    fs.symlinkSync(target, path.join(directory, link));
  }
  tree.listed = ask(directory, tree.ignore);
  fs.rmSync(directory, { recursive: true });
}
fs.rmSync(root, { recursive: true });

// One record a line, so that a change shows in a diff.
const lines = (records) => `[\n${records.map((record) => "    " + JSON.stringify(record)).join(",\n")}\n  ]`;
fs.writeFileSync(
  path.join(data, "globs.json"),
  `{\n  "versions": ${JSON.stringify(versions)},\n  "hard": ${lines(hand)},\n  "generated": ${lines(generated)},\n  "trees": ${lines(trees)}\n}\n`,
);
const tally = (all) => `${all.length} (${all.filter((one) => one.ignored === true).length} ignored, ${all.filter((one) => typeof one.ignored === "string").length} refused)`;
console.log(versions, "hard", tally(hand), "generated", tally(generated), "trees", trees.length);
