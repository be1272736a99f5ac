//! Numbers over time, drawn: a line of characters for a terminal, a Mermaid chart for the job summary. Pure.

/// Eight heights.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What stands for a period of which nothing is known.
const NOTHING: char = '·';

/// Mermaid's own first colour is all but white; this one is seen on a dark page too. An axis has no title of its own,
/// because Mermaid draws it over long numbers.
const LOOKS: &str = r##"%%{init: {"xyChart": {"yAxis": {"labelPadding": 12}}, "themeVariables": {"xyChart": {"plotColorPalette": "#2f7fc1, #c1472f"}}}}%%"##;

/// One character for each number, from nothing to the largest.
pub fn line(numbers: &[Option<f64>]) -> String {
    let most = most(numbers);
    let height = |number: f64| {
        let step = if most > 0.0 { (number / most * 8.0).ceil() as usize } else { 0 };
        HEIGHTS[step.clamp(1, HEIGHTS.len()) - 1]
    };
    numbers.iter().map(|number| number.map_or(NOTHING, height)).collect()
}

/// What stands below the bars of a chart.
#[derive(Debug)]
pub struct Axis<'a> {
    /// What the numbers below the bars count, such as `minutes ago`.
    pub what: &'a str,
    /// The number below the first bar.
    pub first: usize,
    /// How much less the next one is.
    pub step: usize,
}

/// A chart of bars over time, or nothing when nothing is known. `step` and `unit` say how far apart the periods are,
/// such as 5 `minutes`; a period without a number has no bar.
pub fn chart(title: &str, numbers: &[Option<f64>], step: usize, unit: &str) -> Option<String> {
    bars(title, numbers, &Axis { what: &format!("{unit} ago"), first: numbers.len() * step, step }, None)
}

/// A chart of bars, with a line where a limit is, or nothing when nothing is known.
pub fn bars(title: &str, numbers: &[Option<f64>], axis: &Axis<'_>, limit: Option<f64>) -> Option<String> {
    numbers.iter().flatten().next()?;
    let below = (0..numbers.len()).map(|index| axis.first.saturating_sub(index * axis.step).to_string());
    // A scale from nothing to nothing would have no length.
    let most = match most(numbers).max(limit.unwrap_or(0.0)) {
        most if most > 0.0 => most * 1.1,
        _ => 1.0,
    };
    let bars = numbers.iter().map(|number| plain(number.unwrap_or(0.0)));
    let line = limit.map(|limit| format!("    line [{}]\n", vec![plain(limit); numbers.len()].join(", ")));
    Some(format!(
        "```mermaid\n{LOOKS}\nxychart-beta\n    title \"{title}\"\n    x-axis \"{}\" [{}]\n    y-axis 0 --> {}\n    bar [{}]\n{}```\n",
        axis.what,
        below.collect::<Vec<_>>().join(", "),
        plain(most),
        bars.collect::<Vec<_>>().join(", "),
        line.unwrap_or_default()
    ))
}

/// A number with three digits that count, never in a notation with powers, which Mermaid does not read.
pub fn plain(number: f64) -> String {
    let digits = match number.abs() {
        n if n >= 100.0 || n == 0.0 => 0,
        n if n >= 10.0 => 1,
        n if n >= 1.0 => 2,
        n if n >= 0.1 => 3,
        _ => 5,
    };
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn most(numbers: &[Option<f64>]) -> f64 {
    numbers.iter().flatten().copied().fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_height_for_each_number_and_a_dot_where_there_is_none() {
        assert_eq!(line(&[Some(0.0), Some(1.0), None, Some(4.0), Some(8.0)]), "▁▁·▄█");
        assert_eq!(line(&[Some(0.0), Some(0.0)]), "▁▁");
        assert_eq!(line(&[None]), "·");
    }

    #[test]
    fn a_chart_needs_a_number() {
        assert_eq!(chart("t", &[None, None], 5, "minutes"), None);
        let chart = chart("Requests", &[Some(0.5), None, Some(2.0)], 5, "minutes");
        let wanted = "```mermaid\n%%{init: {\"xyChart\": {\"yAxis\": {\"labelPadding\": 12}}, \"themeVariables\": {\"xyChart\": {\"plotColorPalette\": \"#2f7fc1, #c1472f\"}}}}%%\nxychart-beta\n    title \"Requests\"\n    x-axis \"minutes ago\" [15, 10, 5]\n    y-axis 0 --> 2.2\n    bar [0.5, 0, 2]\n```\n";
        assert_eq!(chart.as_deref(), Some(wanted));
    }

    #[test]
    fn numbers_have_three_digits_that_count() {
        let all = [0.0, 0.000012, 0.03, 0.1234, 1.5, 12.34, 1234.5].map(plain);
        assert_eq!(all, ["0", "0.00001", "0.03", "0.123", "1.5", "12.3", "1234"]);
    }
}
