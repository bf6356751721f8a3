//! SVG.

use super::*;

#[test]
fn svg_is_well_formed_and_as_large_as_the_frame() {
    let svg = text(&sampler(), FrameFormat::Svg);
    well_formed(&svg);
    assert!(svg.contains("width=\"192\" height=\"96\" viewBox=\"0 0 192 96\""));
    assert!(svg.contains("xml:space=\"preserve\"") && svg.contains("crispEdges"));
}

#[test]
fn svg_joins_grounds_of_one_colour_in_both_directions() {
    let mut buffer = blank(6, 4);
    buffer.set_style(Rect::new(1, 1, 3, 2), Style::new().bg(RED));
    let svg = text(&buffer, FrameFormat::Svg);
    assert!(svg.contains("<rect x=\"0\" y=\"0\" width=\"48\" height=\"64\" fill=\"#0a141e\"/>"));
    assert!(svg.contains("<rect x=\"8\" y=\"16\" width=\"24\" height=\"32\" fill=\"#fa0102\"/>"));
    assert_eq!(svg.matches("<rect").count(), 2);
}

#[test]
fn svg_draws_shapes_as_geometry_that_meets() {
    let mut buffer = symbols(&["─", "─", "┐", "█", "█", "▌", "▒", "╭"]);
    buffer.content[6].set_fg(RED).set_bg(Color::Rgb(50, 1, 2));
    let svg = text(&buffer, FrameFormat::Svg);
    assert!(!svg.contains("<text"), "{svg}");
    // Two lines and the arm of the corner are one; two full blocks and a half one too.
    assert!(svg.contains("M0 7h21v1h-21z"), "{svg}");
    assert!(svg.contains("M24 0h20v16h-20z"), "{svg}");
    // A shade is its mean colour.
    assert!(
        svg.contains("<path fill=\"#960102\" d=\"M48 0h8v16h-8z\"/>"),
        "{svg}"
    );
    assert!(
        svg.contains("<path stroke=\"#c8d2dc\" d=\"M60.5 16V11a"),
        "{svg}"
    );
}

#[test]
fn svg_writes_letters_that_look_alike_as_one_run() {
    let mut buffer = blank(20, 2);
    buffer.set_string(1, 0, "two words", Style::new().fg(RED));
    buffer.set_string(10, 0, "bold", Style::new().bold().italic().fg(RED));
    buffer.set_string(16, 0, "漢", Style::new().fg(RED).dim());
    buffer.set_string(0, 1, "rev", Style::new().fg(RED).bg(GREEN).reversed());
    let svg = text(&buffer, FrameFormat::Svg);
    for part in [
        "<text x=\"8\" y=\"12\" textLength=\"72\" fill=\"#fa0102\">two words</text>",
        "textLength=\"32\" font-weight=\"bold\" font-style=\"italic\" fill=\"#fa0102\">bold<",
        "textLength=\"16\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#820a10\">漢<",
        "<rect x=\"0\" y=\"16\" width=\"24\" height=\"16\" fill=\"#fa0102\"/>",
        "textLength=\"24\" fill=\"#03f004\">rev<",
    ] {
        assert!(svg.contains(part), "{part} in {svg}");
    }
}
