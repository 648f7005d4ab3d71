// SPDX-License-Identifier: BSL-1.0
// What the methods that write answer: which resources were made or changed.

#ifndef CLARIFY_API_SUMMARIES_HPP
#define CLARIFY_API_SUMMARIES_HPP

#include <clarify/core/result.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace clarify {

/// What an insert did with the signal of one input.
struct CreateSummary {
    CreateSummary() {}

    /// The signal.
    std::string id;
    /// The signal is new: nothing was inserted under this key before.
    bool created = false;

    friend bool operator==(const CreateSummary&, const CreateSummary&) = default;
};

/// What a save did with one signal or item.
struct SaveSummary {
    SaveSummary() {}

    /// The resource that was saved: the signal, or the item that a signal was published as.
    std::string id;
    bool created = false;
    /// Something about it changed. Neither `created` nor `updated`: it was that way already, or it
    /// exists and only new ones were asked for.
    bool updated = false;

    friend bool operator==(const SaveSummary&, const SaveSummary&) = default;
};

/// The result of `integration.insert`.
struct InsertResult {
    InsertResult() {}

    /// By input key.
    std::map<std::string, CreateSummary, std::less<>> signals_by_input;

    friend bool operator==(const InsertResult&, const InsertResult&) = default;
};

/// The result of `integration.saveSignals`.
struct SaveSignalsResult {
    SaveSignalsResult() {}

    /// By input key.
    std::map<std::string, SaveSummary, std::less<>> signals_by_input;

    friend bool operator==(const SaveSignalsResult&, const SaveSignalsResult&) = default;
};

/// The result of `admin.publishSignals`.
struct PublishSignalsResult {
    PublishSignalsResult() {}

    /// By the identifier of the signal; the summaries are of items.
    std::map<std::string, SaveSummary, std::less<>> items_by_signal;

    friend bool operator==(const PublishSignalsResult&, const PublishSignalsResult&) = default;
};

/** Read a result, whole or partial: what is missing is empty, unknown members are ignored.

    @par Errors
    `Errc::decode`, with a JSON pointer to the fault in the message; the result is left alone.
*/
Result<void> read_json_text(std::string_view text, CreateSummary& summary);
Result<void> read_json_text(std::string_view text, SaveSummary& summary);
Result<void> read_json_text(std::string_view text, InsertResult& result);
Result<void> read_json_text(std::string_view text, SaveSignalsResult& result);
Result<void> read_json_text(std::string_view text, PublishSignalsResult& result);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/summaries.hpp>
#endif

#endif  // CLARIFY_API_SUMMARIES_HPP
