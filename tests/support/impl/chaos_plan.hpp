// SPDX-License-Identifier: BSL-1.0
// Plans for the chaos proxy: as text, from a script, from a seed.

#ifndef CLARIFY_TESTS_SUPPORT_IMPL_CHAOS_PLAN_HPP
#define CLARIFY_TESTS_SUPPORT_IMPL_CHAOS_PLAN_HPP

#include "../chaos_random.hpp"

#include <algorithm>
#include <utility>

namespace support {

inline const char* to_string(ChaosCut::How how) noexcept {
    switch (how) {
        case ChaosCut::How::none:
            return "none";
        case ChaosCut::How::fin:
            return "fin";
        case ChaosCut::How::reset:
            return "reset";
        case ChaosCut::How::half_close:
            return "half-close";
        case ChaosCut::How::swallow:
            return "swallow";
        case ChaosCut::How::stall:
            return "stall";
    }
    return "?";
}

inline std::string to_string(const ChaosPlan& plan) {
    std::string out;
    const auto add = [&out](const std::string& text) {
        if (!out.empty()) out += "; ";
        out += text;
    };
    const auto ms = [](std::chrono::milliseconds time) {
        return std::to_string(time.count()) + " ms";
    };
    const auto flow = [&](const std::string& name, const ChaosFlow& way) {
        if (way.delay.count() != 0) add(name + ms(way.delay) + " a piece");
        if (way.bytes_per_second != 0)
            add(name + std::to_string(way.bytes_per_second) + " bytes a second");
        if (way.segment != 0) add(name + std::to_string(way.segment) + " bytes a piece");
        if (way.cut.how == ChaosCut::How::none) return;
        std::string cut = name + to_string(way.cut.how) + " at " + std::to_string(way.cut.at);
        if (way.cut.after.count() != 0) cut += " and " + ms(way.cut.after);
        add(cut);
    };
    if (plan.accept == ChaosPlan::Accept::fin) add("closed at accept");
    if (plan.accept == ChaosPlan::Accept::reset) add("reset at accept");
    if (plan.accept_delay.count() != 0) add("accepted after " + ms(plan.accept_delay));
    if (plan.refuse_for.count() != 0) add("then refused for " + ms(plan.refuse_for));
    flow("up: ", plan.up);
    flow("down: ", plan.down);
    return out.empty() ? "no harm" : out;
}

inline ChaosPlanner chaos_script(std::vector<ChaosPlan> plans) {
    return [plans = std::move(plans)](std::size_t connection) {
        return connection < plans.size() ? plans[connection] : ChaosPlan{};
    };
}

inline ChaosPlan ChaosMix::plan(std::uint64_t seed, std::size_t connection) const {
    ChaosRandom random{seed, connection};
    const auto some_time = [&] {
        return std::chrono::milliseconds{
            random.below(static_cast<std::uint64_t>(delay.count()) + 1)};
    };
    ChaosPlan plan;
    ChaosFlow& flow = random.below(2) == 0 ? plan.up : plan.down;
    const std::size_t at = random.below(std::max<std::size_t>(span, 1));
    // One cut in three comes some time after the byte, so that it also meets idle connections.
    const std::chrono::milliseconds after =
        random.below(3) == 0 ? some_time() : std::chrono::milliseconds{0};

    std::uint64_t left = random.below(std::max(
        fin + reset + half_close + swallow + close_at_accept + reset_at_accept + refuse +
            accept_late + slow + segments + calm,
        1U));
    const auto drawn = [&left](unsigned weight) {
        if (left < weight) {
            left = ~std::uint64_t{0};
            return true;
        }
        left -= weight;
        return false;
    };
    if (drawn(fin)) {
        flow.cut = {ChaosCut::How::fin, at, after};
    } else if (drawn(reset)) {
        flow.cut = {ChaosCut::How::reset, at, after};
    } else if (drawn(half_close)) {
        flow.cut = {ChaosCut::How::half_close, at, after};
    } else if (drawn(swallow)) {
        flow.cut = {ChaosCut::How::swallow, at};
    } else if (drawn(close_at_accept)) {
        plan.accept = ChaosPlan::Accept::fin;
    } else if (drawn(reset_at_accept)) {
        plan.accept = ChaosPlan::Accept::reset;
    } else if (drawn(refuse)) {
        plan.refuse_for = some_time() + std::chrono::milliseconds{1};
    } else if (drawn(accept_late)) {
        plan.accept_delay = some_time();
    } else if (drawn(slow)) {
        flow.delay = some_time();
    } else if (drawn(segments)) {
        flow.segment = 1 + random.below(64);
    }
    return plan;
}

}  // namespace support

#endif  // CLARIFY_TESTS_SUPPORT_IMPL_CHAOS_PLAN_HPP
