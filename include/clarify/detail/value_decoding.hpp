// SPDX-License-Identifier: BSL-1.0
// Who decodes a result, the type itself or the codec, and from which budget of memory.

#ifndef CLARIFY_DETAIL_VALUE_DECODING_HPP
#define CLARIFY_DETAIL_VALUE_DECODING_HPP

#include <clarify/core/detail/json_hooks.hpp>
#include <clarify/core/detail/json_reader.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/memory_budget.hpp>
#include <clarify/core/result.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>

namespace clarify::detail {

/// What all of a reply may be decoded into: as much as the codec allows, where it has a limit.
template <class Codec>
MemoryBudget budget_of(const Codec& codec, std::size_t max_memory) {
    if constexpr (requires {
                      { codec.budget() } -> std::same_as<MemoryBudget>;
                  }) {
        return codec.budget();
    } else {
        return MemoryBudget{max_memory};
    }
}

/// Decodes one result. What other codecs and types take is theirs to bound.
template <class Value, class Codec>
Result<Value> decode_value(
    std::string_view text,
    [[maybe_unused]] const Codec& codec,
    [[maybe_unused]] MemoryBudget& memory) {
    if constexpr (ReadsFromReader<Value>) {
        Result<Value> value{boost::system::in_place_value};
        JsonReader in{text, json_depth_ceiling, &memory};
        if (!in.document([&] { return read_json(in, *value); })) return in.error(Errc::decode);
        return value;
    } else if constexpr (ReadsOwnJson<Value>) {
        Result<Value> value{boost::system::in_place_value};
        const Result<void> read = read_json_text(text, *value);
        if (!read) return read.error();
        return value;
    } else if constexpr (requires { codec.template decode<Value>(text, memory); }) {
        return codec.template decode<Value>(text, memory);
    } else {
        return codec.template decode<Value>(text);
    }
}

}  // namespace clarify::detail

#endif  // CLARIFY_DETAIL_VALUE_DECODING_HPP
