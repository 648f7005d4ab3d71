// SPDX-License-Identifier: BSL-1.0

#include "plot_axes.hpp"
#include "terminal_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>

namespace clarify_cli {
namespace {

using std::chrono::microseconds;

/// The distance between two ticks: a fixed one, days, or months.
struct Step {
    microseconds fixed{0};
    int days = 0;
    int months = 0;

    microseconds about() const {
        using std::chrono::hours;
        return fixed + hours{24} * days + hours{730} * months;
    }
};

std::vector<Step> steps() {
    using namespace std::chrono_literals;
    std::vector<Step> all;
    for (std::int64_t power = 1; power < 1'000'000; power *= 10) {
        for (const int digit : {1, 2, 5})
            all.push_back({microseconds{digit * power}});
    }
    for (const microseconds fixed : std::initializer_list<microseconds>{
             1s, 2s, 5s, 10s, 15s, 30s, 1min, 2min, 5min, 10min, 15min, 30min, 1h, 2h, 3h, 6h, 12h})
        all.push_back({fixed});
    for (const int days : {1, 2, 7, 14})
        all.push_back({0us, days});
    for (const int months : {1, 2, 3, 6})
        all.push_back({0us, 0, months});
    for (int power = 1; power < 100'000; power *= 10) {
        for (const int digit : {1, 2, 5})
            all.push_back({0us, 0, 12 * digit * power});
    }
    return all;
}

std::int64_t floor_to(std::int64_t value, std::int64_t step) {
    const std::int64_t rest = value % step;
    return value - (rest < 0 ? rest + step : rest);
}

/// What the clocks show at a tick that comes `count` after the last one before `local`.
clarify::Timestamp tick_after(clarify::Timestamp local, const Step& step, int count) {
    using namespace std::chrono;
    if (step.months == 0 && step.days == 0) {
        const std::int64_t begin = floor_to(local.microseconds(), step.fixed.count());
        return clarify::Timestamp::from_microseconds(begin + step.fixed.count() * count);
    }
    const sys_days day = floor<days>(local.time_point());
    if (step.months == 0) {
        // Weeks begin on a Monday, as the fourth day after the first one did.
        const std::int64_t shift = step.days % 7 == 0 ? 3 : 0;
        const std::int64_t begin =
            floor_to(day.time_since_epoch().count() + shift, step.days) - shift;
        return sys_days{days{begin + std::int64_t{step.days} * count}};
    }
    const year_month_day date{day};
    const int before =
        static_cast<int>(date.year()) * 12 + static_cast<int>(unsigned(date.month()));
    const auto wanted = static_cast<int>(floor_to(before - 1, step.months)) + step.months * count;
    const auto first = static_cast<int>(floor_to(wanted, 12));
    return sys_days{year{first / 12} / month{static_cast<unsigned>(wanted - first + 1)} / 1};
}

}  // namespace

void Range::include(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
}

Range values_of(const PlotSeries& series) {
    Range range;
    for (const double value : series.values)
        range.include(value);
    return range;
}

Range values_of(const Plot& plot) {
    Range range;
    for (const PlotSeries& series : plot.series) {
        for (const auto values : {series.values, series.low, series.high}) {
            for (const double value : values)
                range.include(value);
        }
    }
    if (range.low == range.high) {
        const double around = range.low == 0 ? 1 : std::abs(range.low) / 10;
        range.low -= around;
        range.high += around;
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

std::string short_number(double value) {
    std::array<char, 32> text{};
    const auto written =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6);
    return {text.data(), written.ptr};
}

std::string legend_of(const PlotSeries& series, std::size_t width) {
    // Unit and range are not cut off.
    std::string text = cut_to(visible(series.name), std::max<std::size_t>(width, 40) - 30);
    if (!series.unit.empty()) text += " [" + visible(series.unit) + ']';
    const Range range = values_of(series);
    if (range.empty()) return text + "  no values";
    text += "  " + short_number(range.low);
    if (range.low != range.high) text += " to " + short_number(range.high);
    return text;
}

std::vector<double> value_ticks(const Range& range, std::size_t most) {
    const double span = range.high - range.low;
    if (!(span > 0) || !std::isfinite(span)) return {range.low};
    const double least = span / static_cast<double>(std::max<std::size_t>(most, 1));
    const double power = std::pow(10.0, std::floor(std::log10(least)));
    double step = 10 * power;
    for (const double factor : {5.0, 2.5, 2.0, 1.0}) {
        if (power * factor >= least) step = power * factor;
    }
    std::vector<double> found;
    for (double at = std::ceil(range.low / step); at * step <= range.high && found.size() <= most;
         ++at)
        found.push_back(at == 0 ? 0.0 : at * step);
    return found;
}

std::vector<TimeTick> time_ticks(const Plot& plot, std::size_t most) {
    if (plot.times.empty()) return {};
    const clarify::Timestamp from = plot.times.front();
    const clarify::Timestamp to = plot.times.back();
    const std::vector<Step> all = steps();
    const auto step = std::find_if(all.begin(), all.end() - 1, [&](const Step& candidate) {
        return (to - from) / std::max<std::int64_t>(static_cast<std::int64_t>(most), 1) <
            candidate.about();
    });
    const bool of_day = step->fixed.count() != 0;
    std::vector<TimeTick> found;
    std::string last;
    const clarify::Timestamp begin = plot.zone.to_local(from);
    for (int i = 0; i <= static_cast<int>(most) + 1; ++i) {
        const clarify::Timestamp local = tick_after(begin, *step, i);
        const clarify::Timestamp time = plot.zone.from_local(local);
        // A single moment is named whatever it is.
        const bool only = from == to;
        if ((time < from || time > to) && !only) continue;
        const std::string text = (only ? begin : local).to_string();
        const std::string clock = text.substr(11, text.size() - 12);
        TimeTick tick{only ? from : time, {}, {}};
        if (only || step->about() < std::chrono::minutes{1}) {
            tick.label = clock;
        } else if (of_day) {
            tick.label = clock.substr(0, 5);
        } else if (step->days != 0) {
            tick.label = text.substr(5, 5);
        } else {
            tick.label = text.substr(0, step->months < 12 ? 7 : 4);
        }
        const std::string context = of_day || only ? text.substr(0, 10)
            : step->days != 0                      ? text.substr(0, 4)
                                                   : std::string{};
        if (context != last) tick.context = context;
        last = context;
        found.push_back(std::move(tick));
        if (only) break;
    }
    return found;
}

std::vector<std::size_t> numbers_of(const Plot& plot, const PlotSeries& series) {
    std::vector<std::size_t> numbers;
    const std::size_t count = std::min(plot.times.size(), series.values.size());
    for (std::size_t i = 0; i != count; ++i) {
        if (std::isfinite(series.values[i])) numbers.push_back(i);
    }
    return numbers;
}

std::vector<std::size_t> thinned(
    const Plot& plot,
    const PlotSeries& series,
    std::vector<std::size_t> numbers,
    std::size_t parts) {
    if (numbers.size() <= 4 * parts) return numbers;
    const Range across = times_of(plot);
    const auto part_of = [&](std::size_t i) {
        return static_cast<std::size_t>(
            across.place(plot.times[i]) * static_cast<double>(parts - 1));
    };
    const auto less = [&](std::size_t a, std::size_t b) {
        return series.values[a] < series.values[b];
    };
    std::vector<std::size_t> kept;
    for (auto begin = numbers.begin(); begin != numbers.end();) {
        const std::size_t part = part_of(*begin);
        const auto end =
            std::find_if(begin, numbers.end(), [&](std::size_t i) { return part_of(i) != part; });
        const auto [least, greatest] = std::minmax_element(begin, end, less);
        std::array<std::size_t, 4> chosen{*begin, *least, *greatest, *(end - 1)};
        std::sort(chosen.begin(), chosen.end());
        kept.insert(kept.end(), chosen.begin(), std::unique(chosen.begin(), chosen.end()));
        begin = end;
    }
    return kept;
}

std::chrono::microseconds usual_gap(
    std::span<const clarify::Timestamp> times, std::span<const double> values) {
    std::vector<microseconds> distances;
    std::optional<clarify::Timestamp> last;
    for (std::size_t i = 0; i != std::min(times.size(), values.size()); ++i) {
        if (std::isnan(values[i])) continue;
        if (last) distances.push_back(times[i] - *last);
        last = times[i];
    }
    if (distances.empty()) return microseconds::max();
    const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
    std::nth_element(distances.begin(), middle, distances.end());
    return *middle > microseconds::max() / 10 ? microseconds::max() : *middle * 10;
}

}  // namespace clarify_cli
