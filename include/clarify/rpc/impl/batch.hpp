// SPDX-License-Identifier: BSL-1.0
// Adds requests to a batch, and sorts its reply into the slots.

#ifndef CLARIFY_RPC_IMPL_BATCH_HPP
#define CLARIFY_RPC_IMPL_BATCH_HPP

#include <clarify/core/detail/json_scan.hpp>
#include <clarify/rpc/batch.hpp>

#include <algorithm>
#include <new>

namespace clarify {
namespace rpc {
namespace detail {

inline BatchSlot* find_slot(std::span<BatchSlot> slots, std::int64_t id) {
    const auto at = std::lower_bound(
        slots.begin(), slots.end(), id, [](const BatchSlot& slot, std::int64_t value) {
            return slot.id < value;
        });
    return at != slots.end() && at->id == id ? &*at : nullptr;
}

inline BatchSlot* find_slot(std::span<BatchSlot> slots, RawJson id) {
    if (id.kind != JsonKind::number) return nullptr;
    const auto wanted = clarify::detail::json_integer(id.text);
    return wanted ? find_slot(slots, *wanted) : nullptr;
}

/// Reads one element of the reply; returns what is wrong with it if it answers no slot.
inline std::optional<Error> read_element(
    RawJson element,
    std::span<BatchSlot> slots,
    std::size_t max_depth,
    clarify::detail::DecodeTime* time) {
    if (element.kind != JsonKind::object) {
        return Error{
            Errc::envelope, Reason::members, "an element of the reply is not a JSON object"};
    }
    const Members members = read_members(element.text, max_depth, time);
    BatchSlot* const slot = members.ids == 1 ? find_slot(slots, members.id) : nullptr;
    if (slot == nullptr) {
        Error error{
            Errc::envelope,
            members.ids == 0 ? Reason::id_missing : Reason::id_mismatch,
            "an element of the reply answers none of the requests"};
        if (members.errors == 1 && members.error.kind == JsonKind::object) {
            RpcError said;
            said.uncorrelated = true;
            if (!read_error(members.error, said, time)) error.set_rpc(std::move(said));
        }
        return error;
    }
    if (std::exchange(slot->answered, true)) {
        slot->error = Error{
            Errc::envelope, Reason::repeated, "the reply has several answers to this request"};
        slot->result = {};
        return std::nullopt;
    }
    const Result<std::string_view> result = read_response(element.text, slot->id, max_depth, time);
    if (result) {
        slot->result = *result;
    } else {
        slot->error = result.error();
    }
    return std::nullopt;
}

/// Reads an object in place of an array: the server could not make anything of the batch (section
/// 6), and its one error is for all.
inline Result<void> read_refusal(
    RawJson whole,
    std::span<BatchSlot> slots,
    std::size_t max_depth,
    clarify::detail::DecodeTime* time) {
    if (!says_version(read_members(whole.text, max_depth, time))) return version_error();
    const auto is_ours = [slots](std::int64_t id) { return find_slot(slots, id) != nullptr; };
    Remark remark = read_remark(whole.text, max_depth, is_ours, time);
    if (remark.foreign) {
        return Error{
            Errc::envelope, Reason::id_mismatch, "the reply has the id of another request"};
    }
    if (remark.fault) return std::move(*remark.fault);
    if (!remark.error) {
        return Error{
            Errc::envelope, Reason::members, "the reply to a batch is neither array nor error"};
    }
    Error error{Errc::rpc, Reason::none, "the server refused the batch"};
    error.set_rpc(std::move(*remark.error));
    for (BatchSlot& slot : slots) {
        slot.answered = true;
        slot.error = error;
    }
    return {};
}

}  // namespace detail

inline Result<void> read_batch(
    std::string_view body,
    std::span<BatchSlot> slots,
    std::optional<Error>& violation,
    std::size_t max_depth,
    clarify::detail::DecodeTime* time) {
    using namespace detail;
    // The array around the responses is one level more than they have.
    const std::size_t depth = (std::min)(max_depth + 1, clarify::detail::json_depth_ceiling);
    JsonScanner scanner{body, depth, time};
    const RawJson whole = scanner.document();
    if (scanner.reason() == Reason::empty) {
        return Error{Errc::envelope, Reason::empty, "the reply has no body"};
    }
    if (!scanner.ok()) return json_error(scanner.reason(), scanner.offset(), body.size());

    if (whole.kind == JsonKind::object) return read_refusal(whole, slots, depth, time);
    if (whole.kind != JsonKind::array) {
        return Error{
            Errc::envelope, Reason::members, "the reply to a batch is neither array nor error"};
    }

    bool any = false;
    JsonScanner elements{whole.text, depth, time};
    elements.array([&](JsonScanner& at) {
        any = true;
        std::optional<Error> wrong = read_element(at.value(), slots, max_depth, time);
        if (wrong && !violation) violation = std::move(wrong);
    });
    if (!any && !violation) {
        violation = Error{Errc::envelope, Reason::empty, "the reply is an empty array"};
    }
    for (BatchSlot& slot : slots) {
        if (slot.answered) continue;
        Error error{Errc::envelope, Reason::missing, "the reply has no answer to this request"};
        slot.error = error.set_fate(Fate::unknown);
    }
    return {};
}

}  // namespace rpc

template <JsonCodec Codec>
template <class Write>
void BasicBatch<Codec>::add(std::string_view method, Write write) {
    text_ += size_ == 0 ? '[' : ',';
    ++size_;
    if (error_) return;
    Result<void> written;
    try {
        methods_.emplace_back(method);
        written = write();
    } catch (const std::bad_alloc&) {
        written = Error{Errc::internal, Reason::resource};
    } catch (...) {
        // What is half written must not be sent, whatever becomes of the words.
        error_ = Error{Errc::bad_argument, Reason::exception};
        written = Error{Errc::bad_argument, Reason::exception, "the JSON codec threw"};
    }
    if (written) return;
    const Error cause = written.error();
    error_ = cause;
    error_ = Error{
        cause.code(),
        cause.reason(),
        "request " + std::to_string(size_ - 1) + " of the batch: " + std::string{cause.message()}};
}

template <JsonCodec Codec>
template <class Params>
BasicBatch<Codec>& BasicBatch<Codec>::call(std::string_view method, const Params& params) {
    add(method, [&] {
        const std::int64_t id = ids_->next();
        slots_.emplace_back(id);
        return rpc::write_request(text_, method, id, params, *codec_);
    });
    return *this;
}

template <JsonCodec Codec>
template <class Params>
BasicBatch<Codec>& BasicBatch<Codec>::notify(std::string_view method, const Params& params) {
    add(method, [&] { return rpc::write_notification(text_, method, params, *codec_); });
    return *this;
}

}  // namespace clarify

#endif  // CLARIFY_RPC_IMPL_BATCH_HPP
