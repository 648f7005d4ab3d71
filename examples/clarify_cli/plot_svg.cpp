// SPDX-License-Identifier: BSL-1.0

#include "plot_axes.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace clarify_cli {
namespace {

/// In pixels, unless the picture is shown larger or smaller.
constexpr double width = 960;
constexpr double right = 24;
constexpr double drawing = 360;

constexpr std::array<std::string_view, 8> colours{
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444", "#8a6d00"};

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : visible(text)) {
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
            default:
                out += c;
                break;
        }
    }
    return out;
}

std::string fixed(double value) {
    std::array<char, 64> text{};
    const auto written =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 1);
    return {text.data(), written.ptr};
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text) {
    std::string out = "<text x=\"" + fixed(x) + "\" y=\"" + fixed(y) + '"';
    if (anchor != "start") out.append(" text-anchor=\"").append(anchor) += '"';
    return out + '>' + escape(text) + "</text>\n";
}

std::string path(std::string_view shape, std::string_view attributes) {
    std::string out = "<path ";
    out.append(attributes).append(" d=\"").append(shape);
    return out + "\"/>\n";
}

/// The unit of all series; empty where they have none, or several.
std::string common_unit(const Plot& plot) {
    if (plot.series.empty()) return {};
    const std::string& unit = plot.series.front().unit;
    const bool common =
        std::all_of(plot.series.begin(), plot.series.end(), [&](const PlotSeries& s) {
            return s.unit == unit;
        });
    return common ? unit : std::string{};
}

/// A picture that is being drawn.
class Picture {
public:
    explicit Picture(const Plot& plot)
        : plot_(plot), across_(times_of(plot)), up_(values_of(plot)) {
        // A little air, so that no line lies on the frame.
        const double air = (up_.high / 2 - up_.low / 2) * 0.08;
        up_.low -= air;
        up_.high += air;
        ticks_ = value_ticks(up_, 7);
        for (const double tick : ticks_)
            left_ = std::max(left_, 24 + 7.5 * static_cast<double>(short_number(tick).size()));
    }

    std::string draw() {
        draw_grid();
        for (std::size_t i = 0; i != plot_.series.size(); ++i) {
            draw_band(plot_.series[i], colours[i % colours.size()]);
        }
        for (std::size_t i = 0; i != plot_.series.size(); ++i) {
            draw_series(plot_.series[i], colours[i % colours.size()]);
            draw_legend(plot_.series[i], colours[i % colours.size()], i);
        }
        return std::move(out_);
    }

    static double height_of(const Plot& plot) {
        return top + drawing + 62 + 20 * static_cast<double>(plot.series.size());
    }

private:
    static constexpr double top = 56;

    double x_of(double part) const { return left_ + part * (width - left_ - right); }
    double y_of(double part) const { return top + (1 - part) * drawing; }
    double x_of(clarify::Timestamp time) const { return x_of(across_.place(time)); }
    std::string point(std::size_t i, double value) const {
        return fixed(x_of(plot_.times[i])) + ' ' + fixed(y_of(up_.place(value)));
    }

    void draw_grid() {
        out_ += "<text x=\"" + fixed(left_) + "\" y=\"24\" font-size=\"15\" font-weight=\"bold\">" +
            escape(plot_.title) + "</text>\n";
        out_ += text_at(left_, top - 10, "start", common_unit(plot_));
        for (const double tick : ticks_) {
            const double y = y_of(up_.place(tick));
            out_ += path("M" + fixed(left_) + ' ' + fixed(y) + 'H' + fixed(width - right), grid);
            out_ += text_at(left_ - 8, y + 4, "end", short_number(tick));
        }
        for (const TimeTick& tick : time_ticks(plot_, 10)) {
            const double x = x_of(tick.time);
            out_ += path("M" + fixed(x) + ' ' + fixed(top) + 'v' + fixed(drawing + 5), grid);
            // Labels at the ends stay within the picture.
            const double middle = std::clamp(x, 36.0, width - 36);
            out_ += text_at(middle, top + drawing + 19, "middle", tick.label);
            out_ += text_at(middle, top + drawing + 35, "middle", tick.context);
        }
        out_ += path(
            "M" + fixed(left_) + ' ' + fixed(top) + 'v' + fixed(drawing) + 'H' +
                fixed(width - right),
            R"(fill="none" stroke="#666666")");
        out_ += text_at(width - right, top - 10, "end", plot_.zone_name);
    }

    /// From the least to the greatest of what is summed up.
    void draw_band(const PlotSeries& series, std::string_view colour) {
        if (series.low.empty() || series.high.empty()) return;
        std::vector<std::size_t> run;
        const auto end_run = [&] {
            if (run.size() > 1) {
                std::string shape = "M";
                for (const std::size_t i : run)
                    shape += point(i, series.high[i]) + 'L';
                std::reverse(run.begin(), run.end());
                for (const std::size_t i : run)
                    shape += point(i, series.low[i]) + (i == run.back() ? 'Z' : 'L');
                out_ += path(shape, R"(fill-opacity="0.15" fill=")" + std::string{colour} + '"');
            }
            run.clear();
        };
        const auto numbers = thinned(plot_, series, numbers_of(plot_, series), 2 * width_parts);
        for (const std::size_t i : numbers) {
            const bool whole = std::isfinite(series.low[i]) && std::isfinite(series.high[i]);
            if (!whole || (!run.empty() && plot_.times[i] - plot_.times[run.back()] > series.gap))
                end_run();
            if (whole) run.push_back(i);
        }
        end_run();
    }

    void draw_series(const PlotSeries& series, std::string_view colour) {
        const auto numbers = thinned(plot_, series, numbers_of(plot_, series), width_parts);
        std::string lines;
        std::optional<std::size_t> end;
        std::string dots;
        const auto dot = [&](std::size_t i) {
            // Round ends make a line of no length a dot.
            dots += 'M' + point(i, series.values[i]) + "h0";
        };
        trace(
            plot_,
            series,
            numbers,
            [&](std::size_t a, std::size_t b) {
                if (end != a) lines += 'M' + point(a, series.values[a]);
                lines += 'L' + point(b, series.values[b]);
                end = b;
            },
            dot);
        // Where there are few values, one sees where they are.
        if (numbers.size() <= 60) {
            dots.clear();
            for (const std::size_t i : numbers)
                dot(i);
        }
        const std::string stroke =
            R"(fill="none" stroke-linejoin="round" stroke-linecap="round" stroke=")" +
            std::string{colour} + '"';
        if (!lines.empty()) out_ += path(lines, stroke + R"( stroke-width="1.5")");
        if (!dots.empty()) out_ += path(dots, stroke + R"( stroke-width="5")");
    }

    void draw_legend(const PlotSeries& series, std::string_view colour, std::size_t number) {
        const double y = top + drawing + 62 + 20 * static_cast<double>(number);
        out_ += path(
            "M" + fixed(left_) + ' ' + fixed(y - 4) + "h18",
            R"(stroke-width="3" stroke=")" + std::string{colour} + '"');
        out_ += text_at(left_ + 26, y, "start", legend_of(series, 120));
    }

    static constexpr std::string_view grid = R"(stroke="#e2e2e2")";
    static constexpr std::size_t width_parts = 960;

    const Plot& plot_;
    Range across_;
    Range up_;
    double left_ = 48;
    std::vector<double> ticks_;
    std::string out_;
};

}  // namespace

std::string plot_svg(const Plot& plot) {
    std::string out = R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 )" + fixed(width) +
        ' ' + fixed(Picture::height_of(plot)) +
        R"(" font-family="sans-serif" font-size="12" fill="#222222">)" + "\n<title>" +
        escape(plot.title) + "</title>\n" + R"(<rect width="100%" height="100%" fill="#ffffff"/>)" +
        '\n';
    if (values_of(plot).empty()) return out + text_at(40, 40, "start", "no values") + "</svg>\n";
    return out + Picture{plot}.draw() + "</svg>\n";
}

}  // namespace clarify_cli
