// SPDX-License-Identifier: BSL-1.0
// Draws series over time: in a terminal, or as a picture for a browser.

#ifndef CLARIFY_CLI_PLOT_HPP
#define CLARIFY_CLI_PLOT_HPP

#include <clarify/api/timestamp.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace clarify_cli {

/// One line of a plot: a value for each time, NaN where there is none.
struct PlotSeries {
    std::string name;
    std::span<const double> values;
};

/// What is drawn: ascending times, and the series over them.
struct Plot {
    std::span<const clarify::Timestamp> times;
    std::vector<PlotSeries> series;
};

/** Lines of text with a braille dot for each eighth of a character.

    @param columns The width of the terminal in characters, at least 20.
    @param rows The height of the drawing in lines, at least 4.
    @param colour Tell series apart by ANSI colours.
*/
std::string plot_braille(const Plot& plot, std::size_t columns, std::size_t rows, bool colour);

/// A self-contained SVG document.
std::string plot_svg(const Plot& plot);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_PLOT_HPP
