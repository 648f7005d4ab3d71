// SPDX-License-Identifier: BSL-1.0
// What the axes of a plot show, and what is drawn between them.

#ifndef CLARIFY_CLI_PLOT_AXES_HPP
#define CLARIFY_CLI_PLOT_AXES_HPP

#include "plot.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace clarify_cli {

/// What an axis shows. Nothing to show: `low` is above `high`.
struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    bool empty() const { return !(low <= high); }
    void include(double value);
    /// From 0 at the low end to 1 at the high one.
    double place(double value) const {
        return high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
    }
    double place(clarify::Timestamp time) const {
        return place(static_cast<double>(time.microseconds()));
    }
};

/// Of the values of a series, without what they sum up.
Range values_of(const PlotSeries& series);
/// Of all that is drawn; a little around it where it is a single value.
Range values_of(const Plot& plot);
Range times_of(const Plot& plot);

/// At most six digits that count, for a label.
std::string short_number(double value);
/// A name with its unit and the range of its values, for a legend: about so many columns wide.
std::string legend_of(const PlotSeries& series, std::size_t width);

/// Round numbers within a range, about `most` of them, for the lines of an axis.
std::vector<double> value_ticks(const Range& range, std::size_t most);

struct TimeTick {
    clarify::Timestamp time;
    /// Such as `09:30` or `2026-11`.
    std::string label;
    /// The day or the year that the label leaves out, where it is another one than before.
    std::string context;
};
/// Times between the first and the last one at which the clocks show something round, at most `most`.
std::vector<TimeTick> time_ticks(const Plot& plot, std::size_t most);

/// Calls `on_line(i, j)` for each pair of values to be connected, and `on_point(i)` for a value
/// that stands alone, by their numbers, which are among `numbers`.
template <class OnLine, class OnPoint>
void trace(
    const Plot& plot,
    const PlotSeries& series,
    const std::vector<std::size_t>& numbers,
    OnLine&& on_line,
    OnPoint&& on_point) {
    bool has_last = false;
    bool alone = false;
    std::size_t last = 0;
    for (const std::size_t i : numbers) {
        const bool connected = has_last && plot.times[i] - plot.times[last] <= series.gap;
        if (connected) {
            on_line(last, i);
        } else if (alone) {
            on_point(last);
        }
        alone = !connected;
        has_last = true;
        last = i;
    }
    if (alone) on_point(last);
}

/// The numbers of a series' values, without those that are missing.
std::vector<std::size_t> numbers_of(const Plot& plot, const PlotSeries& series);
/// Of each of so many equal parts of the time, the first, the least, the greatest and the last.
std::vector<std::size_t> thinned(
    const Plot& plot,
    const PlotSeries& series,
    std::vector<std::size_t> numbers,
    std::size_t parts);

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_PLOT_AXES_HPP
