// SPDX-License-Identifier: BSL-1.0
// Whom a 401 speaks of, the token or the method that was called: decisions only, in little memory.

#ifndef CLARIFY_DETAIL_REJECTED_METHODS_HPP
#define CLARIFY_DETAIL_REJECTED_METHODS_HPP

#include <clarify/concepts/auth_policy.hpp>
#include <clarify/core/clock.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::detail {

/** Remembers which headers have served, and which methods were refused whatever header they had.

    A 401 may mean that the token has been revoked, and then a new one heals it; or that this method
    is not allowed, which servers are known to say with 401 too, and then a new token is of no use
    and the loss of the old one harms all other calls. What tells them apart is what a renewal does:

    | the 401 of a method | is blamed on |
    | --- | --- |
    | its first, or the first since it was served | the header, which is to be renewed at once |
    | to a header that has been replaced meanwhile | the header, which changes nothing |
    | one more, to a header got since its last one | the method, which is stubborn from then on |
    | any of a stubborn method, while others are served with the header | the method |
    | any other of a stubborn method | the method, but once the pause is over the header |
    | to a header that has served nobody and was held blameless | as of a stubborn method |
    | the first of a method that nobody was served by while one was refused | as of a stubborn method |
    | the first since a stubborn method was served again | as of a stubborn method |

    Others count as being served for `longest_pause` after the method last saw that they were: a
    header that serves is not given up for a method that it does not help.

    The pause is one for all stubborn methods, so that the renewals on their account are few however
    many there are. It begins when a renewal turns out to have been in vain, is doubled each time, up
    to `longest_pause`, and is short again after that long without. So a server that refuses every
    token is asked again at the price of one renewal a pause, and heals by itself.

    The last three rows are for the time of the pause only. Without them a caller who makes up names
    would have the header renewed for each of them, and so would, for each of his calls, one who may
    choose the parameters of a method or what stands beside it in a batch. On a client that has not
    been served yet, they would all the same cost everybody a pause of the policy's. A method that is
    served in the meantime and was never refused in vain is believed at once, so that a revocation is
    not hidden by those who are refused for their own sake.

    A header is told by its identity (`std::shared_ptr::owner_before`), not by its text: an issuer
    that hands out the same text again has issued it anew. None is kept alive for it.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; the client uses it on its serial executor.
*/
class RejectedMethods {
public:
    /// `first_pause` and `longest_pause` as in `TokenTimes`.
    explicit RejectedMethods(
        Clock::duration first_pause = std::chrono::seconds{1},
        Clock::duration longest_pause = std::chrono::seconds{60}) noexcept
        : first_pause_(first_pause), longest_pause_(longest_pause), pause_(first_pause) {}

    /// The server answered a call of `method` with this header, and not with a refusal of any kind.
    void served(std::string_view method, const AuthHeader& header) noexcept;
    /// Did it, for any method?
    bool has_served(const AuthHeader& header) const noexcept;

    /// The server answered 401 to `method` with this header. Is the header to be renewed, rather than
    /// the call to end with its own 401?
    bool blames_header(std::string_view method, const AuthHeader& header, TimePoint now);

    /// The most methods that are told apart. What is more is counted as one method, unless it was
    /// served of late; so is what has a longer name than `longest_name`.
    static constexpr std::size_t most_methods = 64;
    static constexpr std::size_t longest_name = 128;

private:
    struct Seen {
        std::weak_ptr<const Secret> header;
        /// Counts headers from 1 in the order of their first reply.
        std::uint64_t number = 0;
        /// How often it has served.
        std::uint64_t services = 0;
    };
    struct Method {
        std::string name;
        /// Which header its last 401 was to, 0 where there was none, when that was, and how often the
        /// header had served by then.
        std::uint64_t refused = 0;
        TimePoint refused_at{};
        std::uint64_t services = 0;
        bool stubborn = false;
        /// Was it stubborn, and has been served since?
        bool in_doubt = false;
        /// Until then others count as being served.
        TimePoint others_served_until = (TimePoint::min)();
    };

    static bool is_same(const std::weak_ptr<const Secret>& a, const AuthHeader& b) noexcept {
        return !a.owner_before(b.value()) && !b.value().owner_before(a);
    }
    static std::size_t hash(std::string_view name) noexcept {
        return std::hash<std::string_view>{}(name);
    }
    /// Has a method of this name been served while others were watched?
    bool was_served(std::string_view name) const noexcept {
        const std::size_t wanted = hash(name);
        return served_names_[wanted % served_names_.size()] == wanted;
    }
    const Seen* find(const AuthHeader& header) const noexcept;
    Seen& see(const AuthHeader& header) noexcept;
    Method& watch(std::string_view name, TimePoint now);
    void found_in_vain(std::uint64_t header, TimePoint now) noexcept;

    Clock::duration first_pause_;
    Clock::duration longest_pause_;

    /// The newest headers; replies to older ones say nothing that matters.
    std::array<Seen, 4> seen_{};
    std::uint64_t newest_ = 0;

    std::vector<Method> methods_;
    /// Stands for all that `methods_` has no room for.
    Method others_;
    /// Hashes of methods that were served while others were watched.
    std::array<std::size_t, most_methods> served_names_{};
    /// The header that was last held blameless.
    std::uint64_t blameless_ = 0;
    TimePoint pause_until_ = (TimePoint::min)();
    Clock::duration pause_;
};

inline const RejectedMethods::Seen* RejectedMethods::find(const AuthHeader& header) const noexcept {
    // The newest one first, which nearly all replies are to.
    for (std::size_t i = 0; i != seen_.size() && i < newest_; ++i) {
        const Seen& seen = seen_[(newest_ - i) % seen_.size()];
        if (is_same(seen.header, header)) return &seen;
    }
    return nullptr;
}

inline RejectedMethods::Seen& RejectedMethods::see(const AuthHeader& header) noexcept {
    if (const Seen* const known = find(header)) return const_cast<Seen&>(*known);
    ++newest_;
    Seen& seen = seen_[newest_ % seen_.size()];
    seen = Seen{header.value(), newest_, 0};
    return seen;
}

inline bool RejectedMethods::has_served(const AuthHeader& header) const noexcept {
    const Seen* const seen = find(header);
    return seen != nullptr && seen->services != 0;
}

inline void RejectedMethods::served(std::string_view method, const AuthHeader& header) noexcept {
    Seen& seen = see(header);
    ++seen.services;
    // The usual case: nobody is watched.
    if (methods_.empty()) return;
    const std::size_t name = hash(method);
    served_names_[name % served_names_.size()] = name;
    const auto at = std::find_if(methods_.begin(), methods_.end(), [method](const Method& one) {
        return one.name == method;
    });
    if (at == methods_.end() || at->refused > seen.number) return;
    if (at->stubborn || at->in_doubt) {
        // Not forgotten at once: what it was called with may have made the difference.
        at->stubborn = false;
        at->in_doubt = true;
        at->refused = 0;
        return;
    }
    std::swap(*at, methods_.back());
    methods_.pop_back();
}

inline RejectedMethods::Method& RejectedMethods::watch(std::string_view name, TimePoint now) {
    // A method that was refused long ago may be refused once more at the same price.
    const auto is_over = [&](const Method& one) { return now - one.refused_at > longest_pause_; };
    methods_.erase(std::remove_if(methods_.begin(), methods_.end(), is_over), methods_.end());
    if (is_over(others_)) others_ = Method{};
    const auto at = std::find_if(
        methods_.begin(), methods_.end(), [name](const Method& one) { return one.name == name; });
    if (at != methods_.end()) return *at;
    if (name.size() > longest_name) return others_;
    Method method;
    method.name = name;
    if (methods_.size() != most_methods) return methods_.emplace_back(std::move(method));
    // Names that somebody makes up must not hide a revocation from the methods that are served.
    if (!was_served(name)) return others_;
    Method& oldest = *std::min_element(
        methods_.begin(), methods_.end(), [](const Method& one, const Method& other) {
            return one.refused_at < other.refused_at;
        });
    oldest = std::move(method);
    return oldest;
}

inline void RejectedMethods::found_in_vain(std::uint64_t header, TimePoint now) noexcept {
    // Many methods may find out with the same header.
    if (std::exchange(blameless_, header) == header) return;
    if (pause_until_ < now - longest_pause_) pause_ = first_pause_;
    pause_until_ = now + pause_;
    pause_ = (std::min)(2 * pause_, longest_pause_);
}

inline bool RejectedMethods::blames_header(
    std::string_view name, const AuthHeader& header, TimePoint now) {
    const Seen& seen = see(header);
    if (seen.number != newest_) return true;
    Method& method = watch(name, now);
    const bool first = method.refused == 0;
    const bool renewed = !first && method.refused != seen.number;
    const bool others_served = seen.services != (renewed ? 0 : method.services);
    method.refused = seen.number;
    method.refused_at = now;
    method.services = seen.services;
    if (renewed) method.stubborn = true;
    if (!method.stubborn) {
        const bool blameless = blameless_ == seen.number && seen.services == 0;
        const bool doubtful = method.in_doubt || !was_served(name);
        return !(blameless || doubtful) || now >= pause_until_;
    }
    found_in_vain(seen.number, now);
    if (others_served) method.others_served_until = now + longest_pause_;
    return now >= (std::max)(pause_until_, method.others_served_until);
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_REJECTED_METHODS_HPP
