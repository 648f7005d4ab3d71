// SPDX-License-Identifier: BSL-1.0
// Replies to batches: every slot gets the one answer that is its own, in whatever order they come.

#include <clarify/rpc/batch.hpp>

#include "fuzz.hpp"
#include "reference_json.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using clarify::Errc;
using clarify::Error;
using clarify::Fate;
using clarify::Reason;
using clarify::Result;
using clarify::rpc::BatchSlot;
using fuzz::require;

struct Reading {
    std::vector<BatchSlot> slots;
    std::optional<Error> violation;
    Result<void> outcome;
};

Reading read(std::string_view body, const std::vector<std::int64_t>& ids, std::size_t depth) {
    Reading reading;
    for (const std::int64_t id : ids)
        reading.slots.emplace_back(id);
    reading.outcome = clarify::rpc::read_batch(body, reading.slots, reading.violation, depth);
    return reading;
}

/// The whole of an outcome as text, to compare.
std::string describe(const BatchSlot& slot) {
    if (!slot.error) return std::string{slot.result};
    return slot.error->to_string() + (slot.error->rpc() != nullptr ? slot.error->rpc()->data : "");
}

bool is_rpc(const Error& error) { return error.code() == Errc::rpc; }

void check_slot(const BatchSlot& slot) {
    require(slot.error.has_value() == slot.result.empty(), "a slot has a result or an error");
    if (!slot.error) return;
    const Error& error = *slot.error;
    require(
        error.code() == Errc::envelope || is_rpc(error), "a slot fails for its envelope or rpc");
    require(is_rpc(error) == (error.rpc() != nullptr), "rpc holds the server's error");
    const bool missing = error.reason() == Reason::missing;
    require(missing == !slot.answered, "missing is what has no answer");
    require(!missing || error.fate() == Fate::unknown, "what became of a missing one is unknown");
}

/// Compares a slot with the elements that Boost.JSON finds for it.
void check_against(const BatchSlot& slot, const std::vector<const boost::json::value*>& answers) {
    if (answers.empty()) {
        return require(
            slot.error && slot.error->reason() == Reason::missing, "no answer makes none");
    }
    if (answers.size() > 1) {
        return require(
            slot.error && slot.error->reason() == Reason::repeated, "several answers make none");
    }
    const boost::json::value* const result = fuzz::member(*answers.front(), "result");
    const boost::json::value* const error = fuzz::member(*answers.front(), "error");
    if (!slot.error) {
        require(result != nullptr, "a result is in the answer");
        const fuzz::Reference value = fuzz::reference_json(slot.result, 1'024);
        require(value.value && *value.value == *result, "a result is the one in its own answer");
        require(error == nullptr || error->is_null(), "an answer with an error is no success");
    } else if (is_rpc(*slot.error)) {
        require(error != nullptr && !error->is_null(), "an error is in the answer");
        const auto message = fuzz::text_of(fuzz::member(*error, "message"));
        require(
            !message || slot.error->rpc()->message == *message,
            "an error is the one in its own answer");
    }
}

struct Elements {
    std::vector<std::string> texts;
    /// No number is too coarse and no key repeated: Boost.JSON must see the same.
    bool clear = true;
};

Elements split(std::string_view body, const boost::json::array& parsed) {
    Elements elements;
    clarify::detail::JsonScanner scanner{
        body.substr(body.find('[')), clarify::detail::json_depth_ceiling};
    scanner.array([&](clarify::detail::JsonScanner& at) {
        elements.texts.emplace_back(at.value().text);
        const boost::json::value& value = parsed[elements.texts.size() - 1];
        if (value.is_object() && fuzz::has_repeated_keys(elements.texts.back(), value)) {
            elements.clear = false;
        }
    });
    require(elements.texts.size() == parsed.size(), "an array has its elements");
    return elements;
}

void check_array(
    const Reading& reading,
    std::string_view body,
    const boost::json::array& parsed,
    const std::vector<std::int64_t>& ids,
    std::size_t depth) {
    const Elements elements = split(body, parsed);
    bool clear = elements.clear;
    std::size_t foreign = 0;
    std::vector<std::vector<const boost::json::value*>> answers(ids.size());
    for (const boost::json::value& element : parsed) {
        const boost::json::value* const id = fuzz::member(element, "id");
        bool own = false;
        for (std::size_t i = 0; id != nullptr && i != ids.size(); ++i) {
            const std::optional<bool> same = fuzz::is_id(*id, ids[i]);
            clear = clear && same.has_value();
            if (!same.value_or(false)) continue;
            own = true;
            answers[i].push_back(&element);
        }
        if (!own) ++foreign;
    }
    if (!clear) return;
    for (std::size_t i = 0; i != ids.size(); ++i)
        check_against(reading.slots[i], answers[i]);
    require(
        reading.violation.has_value() == (foreign != 0 || parsed.empty()),
        "what answers nothing is noticed");

    // In another order they say the same.
    std::string turned;
    for (const std::string& text : elements.texts) {
        const std::string rest = turned.empty() ? std::string{"]"} : "," + turned;
        turned = text + rest;
    }
    const Reading again = read("[" + (turned.empty() ? "]" : turned), ids, depth);
    require(again.outcome.has_value(), "another order is accepted, too");
    for (std::size_t i = 0; i != ids.size(); ++i) {
        // The results of the second reading lie in a text that is gone: only errors are compared.
        require(
            again.slots[i].error.has_value() == reading.slots[i].error.has_value(),
            "order does not matter");
        if (!reading.slots[i].error) continue;
        require(describe(again.slots[i]) == describe(reading.slots[i]), "order changes no error");
    }
}

void run(std::string_view input) {
    constexpr std::size_t depths[] = {64, 2, 3, 1'024};
    fuzz::Choices choices{input};
    std::vector<std::int64_t> ids;
    const unsigned count = choices.below(6) + 1;
    for (unsigned i = 0; i != count; ++i)
        ids.push_back(std::int64_t{i} + 1);
    const std::size_t depth = depths[choices.below(std::size(depths))];
    const std::string_view body = choices.rest();

    const Reading reading = read(body, ids, depth);
    const fuzz::Reference parsed =
        fuzz::reference_json(body, std::min<std::size_t>(depth + 1, 1'024));
    if (!reading.outcome) {
        const Error& error = reading.outcome.error();
        require(
            error.code() == Errc::json || error.code() == Errc::envelope,
            "a reply is refused as JSON or as an envelope");
        require(!parsed.value || !parsed.value->is_array(), "an array is never refused as a whole");
        for (const BatchSlot& slot : reading.slots)
            require(!slot.answered && slot.result.empty(), "a refused reply answers nothing");
        return;
    }
    for (const BatchSlot& slot : reading.slots)
        check_slot(slot);
    if (parsed.only_too_large) return;
    require(parsed.value.has_value(), "what is accepted is JSON");
    if (parsed.value->is_array()) {
        return check_array(reading, body, parsed.value->get_array(), ids, depth);
    }
    for (const BatchSlot& slot : reading.slots) {
        require(slot.error && is_rpc(*slot.error), "one error for all is everybody's");
    }
}

const fuzz::Target target{"batch", run};

}  // namespace
