// SPDX-License-Identifier: BSL-1.0
// Answers of a scripted server to the typed methods, made of the types that these yield.

#ifndef CLARIFY_TESTING_SCRIPTED_RESULTS_HPP
#define CLARIFY_TESTING_SCRIPTED_RESULTS_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/api/summaries.hpp>
#include <clarify/testing/scripted_answer.hpp>

#include <vector>

namespace clarify::testing {

/** HTTP 200 with a page of `signals`: for `select_signals`, `signal_pages` and what else selects or
    connects signals.

    It is the page that the request asks for with `limit` and `skip`, out of these signals in this
    order, so that one answer does for all pages: `server.on("/v1/rpc").always(reply_signals({pump}))`.
    No filter is looked at, and the total is their number. What is unset or empty in a signal is not
    sent, hashes and times included.

    @param included the items that are sent along, whether or not they were asked for.
    @throws std::invalid_argument where a text is not UTF-8.
*/
Answer reply_signals(const std::vector<Signal>& signals, const std::vector<Item>& included = {});
/// The same of items: for `select_items` and `item_pages`.
Answer reply_items(const std::vector<Item>& items);
/// HTTP 200 with data: for `data_frame`, `data_parts` and `evaluate`. The columns are named as the server
/// would: by items, with a rollup by items and what they are, or by aliases. It is the same whatever was
/// asked for. @throws std::invalid_argument for an infinite value, or a key that is not UTF-8.
Answer reply_frame(const DataFrame& frame, const std::vector<Item>& included = {});

/// HTTP 200 with what `insert`, `save_signals` or `publish_signals` yields.
/// @throws std::invalid_argument where a text is not UTF-8.
Answer reply_summary(const InsertResult& result);
Answer reply_summary(const SaveSignalsResult& result);
Answer reply_summary(const PublishSignalsResult& result);
/// The JSON-RPC error of a server that did a part only (-32021), with what it did: see
/// `partial_result`. @throws std::invalid_argument where a text is not UTF-8.
Answer reply_partial(const InsertResult& done);
Answer reply_partial(const SaveSignalsResult& done);
Answer reply_partial(const PublishSignalsResult& done);

}  // namespace clarify::testing

#include <clarify/testing/detail/doubles/impl/scripted_results.hpp>

#endif  // CLARIFY_TESTING_SCRIPTED_RESULTS_HPP
