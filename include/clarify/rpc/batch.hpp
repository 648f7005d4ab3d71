// SPDX-License-Identifier: BSL-1.0
// JSON-RPC 2.0 batches (section 6): several requests in one, each with an outcome of its own.

#ifndef CLARIFY_RPC_BATCH_HPP
#define CLARIFY_RPC_BATCH_HPP

#include <clarify/core/result.hpp>
#include <clarify/rpc/envelope.hpp>

#include <atomic>
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

    Notifications have no slot.
*/
template <class R>
class BatchResult {
public:
    using value_type = Result<R>;

    BatchResult() = default;
    BatchResult(std::vector<Result<R>> slots, std::optional<Error> violation)
        : slots_(std::move(slots)), violation_(std::move(violation)) {}

    /** The outcome of each call: its value, or an error.

        Besides the server's own errors (`Errc::rpc`) and what `Errc::decode` stands for, a slot may
        hold `Errc::envelope`: `missing` where the reply has no answer to it, whose fate is
        `unknown`, and `repeated` where it has several.
    */
    const std::vector<Result<R>>& slots() const& noexcept { return slots_; }
    std::vector<Result<R>> slots() && noexcept { return std::move(slots_); }
    std::size_t size() const noexcept { return slots_.size(); }
    const Result<R>& operator[](std::size_t index) const { return slots_[index]; }
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

    std::int64_t id;
    bool answered = false;
    std::optional<Error> error;
    std::string_view result;
};

/** Reads the reply to a batch into `slots`, whose ids ascend.

    `violation` is set to what the reply holds beside answers to the slots, if anything.

    @par Errors
    Where the reply as a whole is no answer: `Errc::json`, or `Errc::envelope` with `empty`,
    `version`, `id_mismatch` or `members`. One error for the whole batch, with a null id, without
    one or with that of one of the slots, is no failure: every slot gets it.
*/
Result<void> read_batch(
    std::string_view body,
    std::span<BatchSlot> slots,
    std::optional<Error>& violation,
    std::size_t max_depth);

}  // namespace rpc

/** Requests to be sent as one batch: made by `RpcClient::make_batch`, sent by `call_batch`.

    Parameters are encoded as they are added, so nothing needs to outlive the function that adds it.
    What cannot be encoded is reported when the batch is sent.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <JsonCodec Codec>
class BasicBatch {
public:
    /// For the client: the codec that encodes, and the counter that ids come from.
    BasicBatch(
        std::shared_ptr<const Codec> codec, std::shared_ptr<std::atomic<std::int64_t>> next_id)
        : codec_(std::move(codec)), next_id_(std::move(next_id)) {}

    /// Adds a call; its outcome is the slot of the same index.
    template <class Params = NoParams>
    BasicBatch& call(std::string_view method, const Params& params = no_params);
    /// Adds a notification, which has no slot.
    template <class Params = NoParams>
    BasicBatch& notify(std::string_view method, const Params& params = no_params);

    /// Calls and notifications.
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }

    // What the client takes of it.
    const std::optional<Error>& error() const noexcept { return error_; }
    std::string& text() noexcept { return text_; }
    std::vector<rpc::BatchSlot>& slots() noexcept { return slots_; }
    const std::vector<std::string>& methods() const noexcept { return methods_; }

private:
    template <class Write>
    void add(std::string_view method, Write write);

    std::shared_ptr<const Codec> codec_;
    std::shared_ptr<std::atomic<std::int64_t>> next_id_;
    std::size_t size_ = 0;
    std::string text_;
    std::vector<rpc::BatchSlot> slots_;
    std::vector<std::string> methods_;
    std::optional<Error> error_;
};

}  // namespace clarify

#include <clarify/rpc/impl/batch.hpp>

#endif  // CLARIFY_RPC_BATCH_HPP
