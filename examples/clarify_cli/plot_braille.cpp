// SPDX-License-Identifier: BSL-1.0

#include "plot_axes.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace clarify_cli {
namespace {

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
    /// In which line of text a value is.
    std::size_t row_of(double y) const {
        return static_cast<std::size_t>(std::lround((1 - y) * static_cast<double>(height() - 1))) /
            4;
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

/// Labels on one line, each with its middle at its place; one that would touch another is left out.
class LabelLine {
public:
    explicit LabelLine(std::size_t width) : width_(width) {}

    void add(std::size_t middle, const std::string& label) {
        if (label.empty() || label.size() > width_) return;
        const std::size_t wanted = middle < label.size() / 2 ? 0 : middle - label.size() / 2;
        const std::size_t at = std::min(wanted, width_ - label.size());
        if (!text_.empty() && at < text_.size() + 1) return;
        text_.append(at - text_.size(), ' ');
        text_ += label;
    }
    const std::string& text() const { return text_; }

private:
    std::size_t width_;
    std::string text_;
};

std::string time_axis(const Plot& plot, std::size_t margin, std::size_t width) {
    const Range across = times_of(plot);
    std::vector<bool> marks(width);
    LabelLine labels{width};
    LabelLine contexts{width};
    for (const TimeTick& tick : time_ticks(plot, std::max<std::size_t>(width / 14, 1))) {
        const auto at = static_cast<std::size_t>(
            std::lround(across.place(tick.time) * static_cast<double>(width - 1)));
        marks[std::min(at, width - 1)] = true;
        labels.add(at, tick.label);
        contexts.add(at, tick.context);
    }
    const std::string indent(margin + 2, ' ');
    std::string out = std::string(margin, ' ') + " \xE2\x94\x94";
    for (const bool mark : marks)
        out += mark ? "\xE2\x94\xAC" : "\xE2\x94\x80";
    out += '\n' + indent + labels.text() + '\n';
    // The zone once, where the dates are, or in place of them.
    out += indent + contexts.text() + (contexts.text().empty() ? "" : "  ") + plot.zone_name + '\n';
    return out;
}

}  // namespace

std::string plot_braille(const Plot& plot, std::size_t columns, std::size_t rows, bool colour) {
    const Range across = times_of(plot);
    const Range up = values_of(plot);
    if (up.empty()) return "no values\n";
    std::size_t margin = 0;
    const std::vector<double> ticks = value_ticks(up, std::max<std::size_t>(rows / 3, 1));
    for (const double tick : ticks)
        margin = std::max(margin, short_number(tick).size());
    const std::size_t width = std::max<std::size_t>(columns, margin + 12) - margin - 2;
    Canvas canvas{width, rows};
    for (std::size_t i = 0; i != plot.series.size(); ++i) {
        const int owner = static_cast<int>(i);
        const PlotSeries& series = plot.series[i];
        const auto x_of = [&](std::size_t n) { return across.place(plot.times[n]); };
        const auto y_of = [&](std::size_t n) { return up.place(series.values[n]); };
        trace(
            plot,
            series,
            thinned(plot, series, numbers_of(plot, series), 2 * width),
            [&](std::size_t a, std::size_t b) {
                canvas.line(x_of(a), y_of(a), x_of(b), y_of(b), owner);
            },
            [&](std::size_t n) { canvas.dot(x_of(n), y_of(n), owner); });
    }
    std::vector<std::string> labels(rows);
    for (const double tick : ticks)
        labels[std::min(canvas.row_of(up.place(tick)), rows - 1)] = short_number(tick);
    std::string out;
    for (std::size_t row = 0; row != rows; ++row) {
        out += pad_left(labels[row], margin);
        out += (labels[row].empty() ? " \xE2\x94\x82" : " \xE2\x94\xA4");
        out += canvas.row(row, colour) + '\n';
    }
    out += time_axis(plot, margin, width);
    for (std::size_t i = 0; i != plot.series.size(); ++i) {
        out.append(margin + 2, ' ');
        if (colour) out += Canvas::colour_code(static_cast<int>(i));
        out += "\xE2\x94\x80\xE2\x94\x80 ";
        out += cut_to(legend_of(plot.series[i], width - 3), width - 3);
        if (colour) out += "\x1B[0m";
        out += '\n';
    }
    return out;
}

}  // namespace clarify_cli
