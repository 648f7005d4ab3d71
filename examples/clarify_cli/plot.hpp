// SPDX-License-Identifier: BSL-1.0
// Draws series over time: in a terminal, or as a picture for a browser.

#ifndef CLARIFY_CLI_PLOT_HPP
#define CLARIFY_CLI_PLOT_HPP

#include <clarify/api/time_zone.hpp>
#include <clarify/api/timestamp.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace clarify_cli {

/// One line of a plot: a value for each time, NaN where there is none.
struct PlotSeries {
    std::string name;
    std::string unit;
    std::span<const double> values;
    /// The least and the greatest of what each value sums up; empty where it sums up nothing.
    std::span<const double> low;
    std::span<const double> high;
    /// Values that are further apart are not connected.
    std::chrono::microseconds gap = std::chrono::microseconds::max();
};

/// What is drawn: ascending times, and the series over them.
struct Plot {
    std::string title;
    /// Whose clocks the time axis shows, and what it is called.
    clarify::TimeZone zone;
    std::string zone_name = "UTC";
    std::span<const clarify::Timestamp> times;
    std::vector<PlotSeries> series;
};

/// Ten times as far as the values of a column are apart as a rule: what is further apart is a gap.
std::chrono::microseconds usual_gap(
    std::span<const clarify::Timestamp> times, std::span<const double> values);

/** Lines of text with a braille dot for each eighth of a character.

    @param columns The width of the terminal in characters, at least 20.
    @param rows The height of the drawing in lines, at least 4.
    @param colour Tell series apart by ANSI colours.
*/
std::string plot_braille(const Plot& plot, std::size_t columns, std::size_t rows, bool colour);

/// A self-contained SVG document, of a size that does not grow with the number of values.
std::string plot_svg(const Plot& plot);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_PLOT_HPP
