// SPDX-License-Identifier: BSL-1.0
// JSON text as a tree, to tell whether two texts mean the same.

#ifndef CLARIFY_TESTING_DETAIL_KITS_CODEC_TREE_HPP
#define CLARIFY_TESTING_DETAIL_KITS_CODEC_TREE_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/text.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

using clarify::detail::JsonKind;
using clarify::detail::JsonScanner;

/// One value of a JSON text. Of members with the same key the last one is here.
struct CodecTree {
    JsonKind kind = JsonKind::null;
    /// A string without its escapes; any other scalar as it is written.
    std::string text;
    /// The keys of an object, sorted, beside its values in `children`.
    std::vector<std::string> keys;
    std::vector<CodecTree> children;
};

/// A text for people: printable, and cut where it is long.
inline std::string excerpt(std::string_view text) { return clarify::detail::printable(text, 100); }

/// Do two number tokens mean the same? What `expected` spells as an integer of 64 bits counts with
/// every digit, anything else as the double nearest to it.
inline bool same_number(std::string_view expected, std::string_view actual) {
    using namespace clarify::detail;
    constexpr std::uint64_t largest = std::uint64_t{1} << 63U;
    if (expected.find_first_of(".eE") == std::string_view::npos) {
        const JsonInteger a = json_whole_number(expected);
        const JsonInteger b = json_whole_number(actual);
        if (a.reason == Reason::none && (!a.negative || a.magnitude <= largest)) {
            return b.reason == Reason::none && a.magnitude == b.magnitude &&
                (a.magnitude == 0 || a.negative == b.negative);
        }
    }
    const std::optional<double> a = json_real<double>(expected);
    const std::optional<double> b = json_real<double>(actual);
    if (!a || !b) return !a && !b && expected.starts_with('-') == actual.starts_with('-');
    return std::bit_cast<std::uint64_t>(*a) == std::bit_cast<std::uint64_t>(*b);
}

inline void read_tree(JsonScanner& scanner, CodecTree& out) {
    out.kind = scanner.next();
    if (out.kind == JsonKind::object) {
        std::map<std::string, CodecTree> members;
        scanner.object([&](std::string_view key, JsonScanner&) {
            CodecTree& member = members[clarify::detail::json_unescape(key)];
            member = CodecTree{};
            read_tree(scanner, member);
        });
        for (auto& [key, member] : members) {
            out.keys.push_back(key);
            out.children.push_back(std::move(member));
        }
    } else if (out.kind == JsonKind::array) {
        scanner.array([&](JsonScanner&) { read_tree(scanner, out.children.emplace_back()); });
    } else {
        const std::string_view raw = scanner.value().text;
        out.text = out.kind == JsonKind::string ? clarify::detail::json_unescape(raw) : raw;
    }
}

/// The value that `text` is; nothing where it is not one JSON value.
inline std::optional<CodecTree> read_tree(std::string_view text) {
    JsonScanner scanner{text, clarify::detail::json_depth_ceiling};
    if (!scanner.start()) return std::nullopt;
    CodecTree tree;
    read_tree(scanner, tree);
    if (!scanner.finish()) return std::nullopt;
    return tree;
}

/// Where `actual` means something else than `expected`, in words after a JSON pointer to the place;
/// empty where it does not.
inline std::string difference(const CodecTree& expected, const CodecTree& actual) {
    if (expected.kind != actual.kind) return " is of another kind";
    if (expected.kind == JsonKind::number) {
        if (same_number(expected.text, actual.text)) return {};
        return " is " + excerpt(actual.text) + ", not " + excerpt(expected.text);
    }
    if (expected.text != actual.text) {
        // Long texts differ far behind what an excerpt shows.
        const auto differs = std::mismatch(
            expected.text.begin(), expected.text.end(), actual.text.begin(), actual.text.end());
        const auto at = static_cast<std::size_t>(differs.first - expected.text.begin());
        return " differs at byte " + std::to_string(at) + ": " + excerpt(actual.text.substr(at)) +
            ", not " + excerpt(expected.text.substr(at));
    }
    if (expected.keys != actual.keys) return " has other members";
    if (expected.children.size() != actual.children.size()) {
        return " has " + std::to_string(actual.children.size()) + " elements, not " +
            std::to_string(expected.children.size());
    }
    for (std::size_t i = 0; i < expected.children.size(); ++i) {
        const std::string found = difference(expected.children[i], actual.children[i]);
        if (found.empty()) continue;
        const bool array = expected.keys.empty();
        return '/' + (array ? std::to_string(i) : excerpt(expected.keys[i])) + found;
    }
    return {};
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_KITS_CODEC_TREE_HPP
