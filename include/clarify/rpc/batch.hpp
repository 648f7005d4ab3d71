// SPDX-License-Identifier: BSL-1.0
// JSON-RPC 2.0 batches (section 6): several requests in one, each with an outcome of its own.

#ifndef CLARIFY_RPC_BATCH_HPP
#define CLARIFY_RPC_BATCH_HPP

#include <clarify/core/detail/call_ids.hpp>
#include <clarify/core/detail/decode_time.hpp>
#include <clarify/core/result.hpp>
#include <clarify/rpc/envelope.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {

/** What became of the calls of a batch, in the order in which they were added.

    Notifications have no slot. There is a result like this only where the batch as a whole was
    answered: else `call_batch` fails with one error for all, whose fate says what may have happened.

    @code
    for (const auto& outcome : *outcomes) {
        if (outcome) use(*outcome);
        else if (outcome.error().fate() == clarify::Fate::unknown) check_later();
    }
    @endcode

    @par Object lifetimes
    It owns its outcomes. What the accessors return by reference is valid as long as the result is.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.

    @tparam R what each call yields.
*/
template <class R>
class BatchResult {
public:
    using value_type = Result<R>;

    /// Of no calls: what a batch of notifications alone yields.
    BatchResult() = default;
    /// For the client: an outcome for each call, and what the reply held besides, if anything.
    BatchResult(std::vector<Result<R>> slots, std::optional<Error> violation)
        : slots_(std::move(slots)), violation_(std::move(violation)) {}

    /** The outcome of each call: its value, or an error.

        Besides the server's own errors (`Errc::rpc`) and what `Errc::decode` stands for, a slot may
        hold `Errc::envelope`: `missing` where the reply has no answer to it, whose fate is
        `unknown`, and `repeated` where it has several.
    */
    const std::vector<Result<R>>& slots() const& noexcept { return slots_; }
    /// The same, to be moved from.
    std::vector<Result<R>> slots() && noexcept { return std::move(slots_); }
    /// How many calls there were.
    std::size_t size() const noexcept { return slots_.size(); }
    /// The outcome of the call that was added as number `index`, from 0; less than `size()`.
    const Result<R>& operator[](std::size_t index) const { return slots_[index]; }
    /// For loops over the outcomes, in the order of the calls.
    auto begin() const noexcept { return slots_.begin(); }
    auto end() const noexcept { return slots_.end(); }

    /// Set if the reply also held something that answers none of the calls: a foreign id, or what
    /// is no response at all. The connection was closed then. The slots count nevertheless.
    const std::optional<Error>& violation() const noexcept { return violation_; }

private:
    std::vector<Result<R>> slots_;
    std::optional<Error> violation_;
};

namespace rpc {

/// One call of a batch, and what the reply says of it: an error, or the JSON text of its result.
struct BatchSlot {
    explicit BatchSlot(std::int64_t request_id) : id(request_id) {}

    /// The id of the request, unique within the batch.
    std::int64_t id;
    /// Is there an answer to it, of whatever kind?
    bool answered = false;
    /// What is wrong with the answer, or what the server said was wrong.
    std::optional<Error> error;
    /// The text of the result where there is no error: a view into the body.
    std::string_view result;
};

/** Reads the reply to a batch (section 6 of the specification) into `slots`, whose ids ascend. Answers
    may come in any order.

    For the client; it does no I/O, and looks at nothing but its arguments.

    @param body the body of the reply; the results in `slots` refer to it.
    @param max_depth how deeply each answer may be nested, as in `read_response`.
    @param time until when it may be read, likewise.

    `violation` is set to what the reply holds beside answers to the slots, if anything.

    @par Errors
    An answer that is wrong in itself is the error of its slot, which does not concern the others. Where the
    reply as a whole is no answer: `Errc::json`, or `Errc::envelope` with `empty`,
    `version`, `id_mismatch`, `members` or `bad_error`. One error for the whole batch, with a null id, without
    one or with that of one of the slots, is no failure: every slot gets it.
*/
Result<void> read_batch(
    std::string_view body,
    std::span<BatchSlot> slots,
    std::optional<Error>& violation,
    std::size_t max_depth,
    clarify::detail::DecodeTime* time = nullptr);

}  // namespace rpc

/** Requests to be sent as one batch: made by `RpcClient::make_batch`, sent by `call_batch`.

    @code
    auto batch = client.make_batch();
    batch.call("sum", numbers).call("product", numbers).notify("log", line);
    auto outcomes = co_await client.call_batch<double>(std::move(batch));
    if (outcomes && (*outcomes)[1]) print(*(*outcomes)[1]);  // the product
    @endcode

    For other servers: Clarify does not take batches, and a client that was made from its credentials
    refuses them before any I/O. A server may execute the requests in any order, also at once.

    Each call has an id of its own, from the counter of the client. A batch of notifications only is
    answered by nothing; an empty one is refused.

    Parameters are encoded as they are added, so nothing needs to outlive the function that adds it.
    The first thing that cannot be encoded, or a method that is empty, reserved or not UTF-8, spoils the
    batch: it is reported when the batch is sent, as `Errc::bad_argument`, and nothing goes out. What is
    added afterwards is counted, but not written.

    @par Object lifetimes
    It shares the codec and the counter of its client, and may outlive the client.
    @par Exception safety
    A codec that throws is such a fault, too. Adding itself throws nothing but `std::bad_alloc`.
    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <JsonCodec Codec>
class BasicBatch {
public:
    /// For the client: the codec that encodes, and the counter that ids come from.
    BasicBatch(std::shared_ptr<const Codec> codec, std::shared_ptr<detail::CallIds> ids)
        : codec_(std::move(codec)), ids_(std::move(ids)) {}

    /// Adds a call; its outcome is the slot whose number is that of the calls before it.
    template <class Params = NoParams>
    BasicBatch& call(std::string_view method, const Params& params = no_params);
    /// Adds a notification, which has no slot: nobody learns what became of it.
    template <class Params = NoParams>
    BasicBatch& notify(std::string_view method, const Params& params = no_params);

    /// How many there are, calls and notifications together.
    std::size_t size() const noexcept { return size_; }
    /// Was nothing added yet? Such a batch is refused.
    bool empty() const noexcept { return size_ == 0; }

    // What the client takes of it: the first fault, the text without its last bracket, and for each
    // call its slot; the methods are those of the notifications, too.
    const std::optional<Error>& error() const noexcept { return error_; }
    std::string& text() noexcept { return text_; }
    std::vector<rpc::BatchSlot>& slots() noexcept { return slots_; }
    const std::vector<std::string>& methods() const noexcept { return methods_; }

private:
    template <class Write>
    void add(std::string_view method, Write write);

    std::shared_ptr<const Codec> codec_;
    std::shared_ptr<detail::CallIds> ids_;
    std::size_t size_ = 0;
    std::string text_;
    std::vector<rpc::BatchSlot> slots_;
    std::vector<std::string> methods_;
    std::optional<Error> error_;
};

}  // namespace clarify

#include <clarify/rpc/impl/batch.hpp>

#endif  // CLARIFY_RPC_BATCH_HPP
