// SPDX-License-Identifier: BSL-1.0

#include "plot.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

namespace clarify_cli {
namespace {

/// What the axes show. Nothing to show: `low` is above `high`.
struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void include(double value) {
        if (!std::isfinite(value)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    /// From 0 at the low end to 1 at the high one.
    double place(double value) const {
        return high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
    }
};

Range values_of(const Plot& plot) {
    Range range;
    for (const PlotSeries& series : plot.series) {
        for (const double value : series.values)
            range.include(value);
    }
    return range;
}

Range times_of(const Plot& plot) {
    Range range;
    if (plot.times.empty()) return range;
    range.include(static_cast<double>(plot.times.front().microseconds()));
    range.include(static_cast<double>(plot.times.back().microseconds()));
    return range;
}

/// At most six digits that count, for a label.
std::string short_number(double value) {
    char text[32];
    const auto end =
        std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6).ptr;
    return {text, end};
}

/// Calls `on_line(x0, y0, x1, y1)` for each line from a value to the next one, and
/// `on_point(x, y)` for a value on its own; both axes from 0 to 1.
template <class OnLine, class OnPoint>
void trace(
    const Plot& plot,
    const PlotSeries& series,
    const Range& across,
    const Range& up,
    OnLine&& on_line,
    OnPoint&& on_point) {
    double last_x = 0;
    double last_y = 0;
    bool has_last = false;
    bool alone = false;
    const std::size_t count = std::min(plot.times.size(), series.values.size());
    for (std::size_t i = 0; i != count; ++i) {
        if (!std::isfinite(series.values[i])) {
            if (alone) on_point(last_x, last_y);
            has_last = alone = false;
            continue;
        }
        const double x = across.place(static_cast<double>(plot.times[i].microseconds()));
        const double y = up.place(series.values[i]);
        if (has_last) on_line(last_x, last_y, x, y);
        alone = !has_last;
        has_last = true;
        last_x = x;
        last_y = y;
    }
    if (alone) on_point(last_x, last_y);
}

/// A bitmap of dots, two across and four up in each character.
class Canvas {
public:
    Canvas(std::size_t columns, std::size_t rows)
        : columns_(columns), rows_(rows), dots_(columns * rows), owners_(columns * rows, -1) {}

    void line(double x0, double y0, double x1, double y1, int owner) {
        const double across = std::abs(x1 - x0) * static_cast<double>(width() - 1);
        const double up = std::abs(y1 - y0) * static_cast<double>(height() - 1);
        const auto steps = static_cast<int>(std::ceil(std::max({across, up, 1.0})));
        for (int i = 0; i <= steps; ++i) {
            const double part = static_cast<double>(i) / steps;
            dot(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part, owner);
        }
    }
    void dot(double x, double y, int owner) {
        const auto column =
            static_cast<std::size_t>(std::lround(x * static_cast<double>(width() - 1)));
        const auto row =
            static_cast<std::size_t>(std::lround((1 - y) * static_cast<double>(height() - 1)));
        if (column >= width() || row >= height()) return;
        // Braille numbers its dots by columns, but for the lowest row, which came later.
        static constexpr std::array<std::array<unsigned, 2>, 4> bits{
            {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
        const std::size_t cell = row / 4 * columns_ + column / 2;
        dots_[cell] |= bits[row % 4][column % 2];
        owners_[cell] = owner;
    }
    std::string row(std::size_t number, bool colour) const {
        std::string out;
        int current = -1;
        for (std::size_t i = number * columns_; i != (number + 1) * columns_; ++i) {
            if (colour && owners_[i] != current && dots_[i] != 0) {
                current = owners_[i];
                out += colour_code(current);
            }
            if (dots_[i] == 0) {
                out += ' ';
                continue;
            }
            const unsigned code = 0x2800U + dots_[i];
            out += static_cast<char>(0xE0U | code >> 12U);
            out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
            out += static_cast<char>(0x80U | (code & 0x3FU));
        }
        if (current != -1) out += "\x1B[0m";
        return out;
    }
    static std::string colour_code(int number) {
        return "\x1B[3" + std::to_string(1 + number % 6) + 'm';
    }

private:
    std::size_t width() const { return columns_ * 2; }
    std::size_t height() const { return rows_ * 4; }

    std::size_t columns_;
    std::size_t rows_;
    std::vector<unsigned> dots_;
    std::vector<int> owners_;
};

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            // Not allowed in XML, however it is written.
            default:
                out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
                break;
        }
    }
    return out;
}

std::string fixed(double value) {
    char text[64];
    const auto end =
        std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 1).ptr;
    return {text, end};
}

/// Round numbers within a range, for the lines of an axis.
std::vector<double> ticks(const Range& range) {
    const double span = range.high - range.low;
    if (!(span > 0) || !std::isfinite(span)) return {range.low};
    double step = std::pow(10.0, std::floor(std::log10(span / 4)));
    for (const double factor : {5.0, 2.0}) {
        if (step * factor <= span / 3) {
            step *= factor;
            break;
        }
    }
    std::vector<double> found;
    for (double at = std::ceil(range.low / step) * step; at <= range.high && found.size() < 12;
         at += step)
        found.push_back(std::abs(at) < step / 1e6 ? 0.0 : at);
    return found;
}

}  // namespace

std::string plot_braille(const Plot& plot, std::size_t columns, std::size_t rows, bool colour) {
    const Range across = times_of(plot);
    const Range up = values_of(plot);
    if (!(up.low <= up.high)) return "no values\n";
    const std::string high = short_number(up.high);
    const std::string low = short_number(up.low);
    const std::size_t margin = std::max(high.size(), low.size());
    const std::size_t width = std::max<std::size_t>(columns, margin + 12) - margin - 2;
    Canvas canvas{width, rows};
    for (std::size_t i = 0; i != plot.series.size(); ++i) {
        const int owner = static_cast<int>(i);
        trace(
            plot,
            plot.series[i],
            across,
            up,
            [&](double x0, double y0, double x1, double y1) { canvas.line(x0, y0, x1, y1, owner); },
            [&](double x, double y) { canvas.dot(x, y, owner); });
    }
    std::string out;
    for (std::size_t row = 0; row != rows; ++row) {
        const std::string label = row == 0 ? high : row + 1 == rows ? low : std::string{};
        out.append(margin - label.size(), ' ');
        out += label + (label.empty() ? " \xE2\x94\x82" : " \xE2\x94\xA4");
        out += canvas.row(row, colour) + '\n';
    }
    const std::string from = plot.times.front().to_string();
    const std::string to = plot.times.back().to_string();
    out.append(margin + 2, ' ');
    out += from;
    if (plot.times.size() > 1) {
        out.append(width > from.size() + to.size() ? width - from.size() - to.size() : 1, ' ');
        out += to;
    }
    out += '\n';
    for (std::size_t i = 0; i != plot.series.size(); ++i) {
        out.append(margin + 2, ' ');
        if (colour) out += Canvas::colour_code(static_cast<int>(i));
        out += "\xE2\x94\x80\xE2\x94\x80 " + visible(plot.series[i].name);
        if (colour) out += "\x1B[0m";
        out += '\n';
    }
    return out;
}

std::string plot_svg(const Plot& plot) {
    constexpr double width = 960;
    constexpr double left = 80;
    constexpr double right = 20;
    constexpr double top = 20;
    constexpr double drawing = 360;
    constexpr std::array<std::string_view, 8> colours{
        "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444", "#8a6d00"};
    const Range across = times_of(plot);
    const Range up = values_of(plot);
    const double height = top + drawing + 40 + 18 * static_cast<double>(plot.series.size());
    const auto x_of = [&](double part) { return left + part * (width - left - right); };
    const auto y_of = [&](double part) { return top + (1 - part) * drawing; };

    std::string out = R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 )" + fixed(width) +
        ' ' + fixed(height) + R"(" font-family="sans-serif" font-size="12">)" + '\n' +
        R"(<rect width="100%" height="100%" fill="#ffffff"/>)" + '\n';
    if (!(up.low <= up.high)) {
        return out + R"(<text x="40" y="40">no values</text>)" + "\n</svg>\n";
    }
    for (const double value : ticks(up)) {
        const std::string y = fixed(y_of(up.place(value)));
        out += R"(<path d="M)" + fixed(left) + ' ' + y + 'H' + fixed(width - right) +
            R"(" stroke="#dddddd"/><text x=")" + fixed(left - 8) + R"(" y=")" + y +
            R"(" text-anchor="end" dominant-baseline="middle">)" + short_number(value) +
            "</text>\n";
    }
    const std::string axis = fixed(top + drawing + 18);
    out += R"(<text x=")" + fixed(left) + R"(" y=")" + axis + R"(">)" +
        plot.times.front().to_string() + R"(</text><text x=")" + fixed(width - right) + R"(" y=")" +
        axis + R"(" text-anchor="end">)" + plot.times.back().to_string() + "</text>\n";
    for (std::size_t i = 0; i != plot.series.size(); ++i) {
        const std::string_view colour = colours[i % colours.size()];
        std::string path;
        double end_x = -1;
        double end_y = -1;
        trace(
            plot,
            plot.series[i],
            across,
            up,
            [&](double x0, double y0, double x1, double y1) {
                if (x0 != end_x || y0 != end_y)
                    path += 'M' + fixed(x_of(x0)) + ' ' + fixed(y_of(y0));
                path += 'L' + fixed(x_of(x1)) + ' ' + fixed(y_of(y1));
                end_x = x1;
                end_y = y1;
            },
            [&](double x, double y) {
                // Round ends make a line of no length a dot.
                path += 'M' + fixed(x_of(x)) + ' ' + fixed(y_of(y)) + "h0";
            });
        out += R"(<path fill="none" stroke-width="1.5" stroke-linecap="round" stroke=")";
        out += colour;
        out += R"(" d=")" + path + "\"/>\n";
        const double y = top + drawing + 40 + 18 * static_cast<double>(i);
        out += R"(<path stroke-width="3" stroke=")";
        out += colour;
        out += R"(" d="M)" + fixed(left) + ' ' + fixed(y - 4) + R"(h18"/><text x=")" +
            fixed(left + 26) + R"(" y=")" + fixed(y) + R"(">)" + escape(plot.series[i].name) +
            "</text>\n";
    }
    return out + "</svg>\n";
}

}  // namespace clarify_cli
