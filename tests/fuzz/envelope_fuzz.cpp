// SPDX-License-Identifier: BSL-1.0
// JSON-RPC responses and requests: an id, a depth and a body, compared with Boost.JSON's reading.

#include <clarify/rpc/envelope.hpp>

#include "fuzz.hpp"
#include "reference_json.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace {

using clarify::Errc;
using clarify::Error;
using clarify::Reason;
using clarify::Result;
using clarify::RpcError;
using fuzz::member;
using fuzz::require;

bool lies_within(std::string_view part, std::string_view whole) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

bool is_null(const boost::json::value* value) { return value != nullptr && value->is_null(); }

/// What a result may be beside an error.
bool is_empty(const boost::json::value& value) {
    return value.is_null() || (value.is_object() && value.get_object().empty());
}

/// What a reply to a call says according to Boost.JSON; keys that are repeated are not its business.
enum class Verdict { result, error, neither, unclear };

/// Is there a code that is an integer, and no message that is not a text? Large and broken numbers are
/// rounded here.
Verdict judge_error(const boost::json::value& error) {
    const boost::json::value* const code = member(error, "code");
    const boost::json::value* const message = member(error, "message");
    if (code == nullptr || !code->is_number()) return Verdict::neither;
    if (message != nullptr && !message->is_string() && !message->is_null()) return Verdict::neither;
    return code->is_int64() ? Verdict::error : Verdict::unclear;
}

Verdict judge(const boost::json::value& reply, std::int64_t id) {
    if (fuzz::text_of(member(reply, "jsonrpc")) != "2.0") return Verdict::neither;
    const boost::json::value* const error = member(reply, "error");
    const boost::json::value* const result = member(reply, "result");
    const bool has_error = error != nullptr && !error->is_null();
    const bool has_result = result != nullptr && !(has_error && is_empty(*result));
    if (has_error == has_result) return Verdict::neither;
    const boost::json::value* const its_id = member(reply, "id");
    if (its_id == nullptr) return Verdict::neither;
    if (is_null(its_id)) {
        const Verdict verdict = has_error ? judge_error(*error) : Verdict::neither;
        if (verdict != Verdict::error) return verdict;
        const std::int64_t code = member(*error, "code")->get_int64();
        const bool unreadable = code == -32700 || code == -32600;
        return unreadable ? Verdict::error : Verdict::neither;
    }
    const std::optional<bool> same = fuzz::is_id(*its_id, id);
    if (!same) return Verdict::unclear;
    if (!*same) return Verdict::neither;
    return has_result ? Verdict::result : judge_error(*error);
}

void check_error(const RpcError& said, const boost::json::value& error) {
    const boost::json::value* const code = member(error, "code");
    if (code != nullptr && code->is_int64()) {
        require(said.code == code->get_int64(), "the code is the server's");
    }
    if (const auto message = fuzz::text_of(member(error, "message"))) {
        require(said.message == *message, "the message is the server's");
    }
    said.clarify_data();
    const boost::json::value* const data = member(error, "data");
    require((data != nullptr) == !said.data.empty(), "data is there if the server sent it");
    if (data != nullptr) {
        const fuzz::Reference copy = fuzz::reference_json(said.data, 1'024);
        require(copy.value && *copy.value == *data, "data is the server's");
    }
}

void check_failure(const Error& error) {
    const bool known =
        error.code() == Errc::json || error.code() == Errc::envelope || error.code() == Errc::rpc;
    require(known, "a refusal is json, envelope or rpc");
    require(
        (error.code() == Errc::rpc) == (error.rpc() != nullptr), "rpc holds the server's error");
    require((error.code() == Errc::rpc) == (error.reason() == Reason::none), "a refusal says why");
    const std::string text = error.to_string();
    require(
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }),
        "the text of an error is printable");
    require(text.size() < 2'000, "the text of an error is short");
}

void check_read(std::string_view body, std::int64_t id, std::size_t depth) {
    const Result<std::string_view> read = clarify::rpc::read_response(body, id, depth);
    const fuzz::Reference parsed = fuzz::reference_json(body, depth);
    const clarify::rpc::Remark remark =
        clarify::rpc::read_remark(body, depth, [id](std::int64_t other) { return other == id; });
    const std::optional<RpcError>& found = remark.error;
    require(!read || !remark.foreign, "a result is not called somebody else's");
    if (!read) check_failure(read.error());
    if (parsed.only_too_large) return;
    if (!parsed.value) {
        require(!read && !found, "what is not JSON answers nothing");
        const bool empty =
            read.error().code() == Errc::envelope && read.error().reason() == Reason::empty;
        require(empty || read.error().code() == Errc::json, "what is not JSON is called so");
        return;
    }
    require(read || read.error().code() != Errc::json, "JSON is not called anything else");

    const Verdict verdict = judge(*parsed.value, id);
    const bool is_error = !read && read.error().code() == Errc::rpc;
    if (read) {
        require(lies_within(*read, body), "the result is a part of the body");
        require(
            verdict == Verdict::result || verdict == Verdict::unclear,
            "a result is one, and that of this call");
        const fuzz::Reference value = fuzz::reference_json(*read, depth);
        const boost::json::value* const result = member(*parsed.value, "result");
        require(value.value && *value.value == *result, "the result is the one in the body");
    } else if (is_error) {
        require(
            verdict == Verdict::error || verdict == Verdict::unclear,
            "an error is one, and that of this call");
        check_error(*read.error().rpc(), *member(*parsed.value, "error"));
        const bool null_id = is_null(member(*parsed.value, "id"));
        require(read.error().rpc()->uncorrelated == null_id, "a null id correlates nothing");
    } else if (
        parsed.value->is_object() &&
        !fuzz::has_repeated_keys(body.substr(body.find('{')), *parsed.value)) {
        require(
            verdict == Verdict::neither || verdict == Verdict::unclear,
            "a good reply is not refused");
    }
    if (found) {
        const boost::json::value* const error = member(*parsed.value, "error");
        require(error != nullptr && error->is_object(), "an error that is found is there");
        check_error(*found, *error);
        if (is_error) require(found->code == read.error().rpc()->code, "an error has one reading");
    }
}

/// What is written reads back, with any text as the method; and only the id of the request answers.
void check_write(std::string_view method, std::int64_t id) {
    struct Unused {};
    std::string text;
    const Result<void> written =
        clarify::rpc::write_request(text, method, id, clarify::no_params, Unused{});
    const bool sendable =
        !method.empty() && !method.starts_with("rpc.") && clarify::detail::is_utf8(method);
    require(written.has_value() == sendable, "a method is refused if and only if it is illegal");
    if (!written) {
        require(written.error().code() == Errc::bad_argument, "a bad method is a bad argument");
        return;
    }
    const fuzz::Reference parsed = fuzz::reference_json(text, 2);
    require(parsed.value.has_value(), "a request is JSON");
    require(fuzz::text_of(member(*parsed.value, "jsonrpc")) == "2.0", "a request has the version");
    require(fuzz::text_of(member(*parsed.value, "method")) == method, "a request has the method");
    require(fuzz::is_id(*member(*parsed.value, "id"), id) == true, "a request has the id");
    require(parsed.value->get_object().size() == 3, "a request has nothing else");

    std::string reply = R"({"result":[1],"id":)" + std::to_string(id) + R"(,"jsonrpc":"2.0"})";
    require(clarify::rpc::read_response(reply, id, 2).value() == "[1]", "a good reply is accepted");
    require(!clarify::rpc::read_response(reply, id ^ 1, 2), "the reply to another call is refused");
}

void run(std::string_view input) {
    constexpr std::int64_t ids[] = {
        1, 7, 0, -1, 9'007'199'254'740'993, INT64_MAX, INT64_MIN, 1'000'000};
    constexpr std::size_t depths[] = {64, 1, 2, 3, 1'024};
    fuzz::Choices choices{input};
    const std::int64_t id = ids[choices.below(std::size(ids))];
    const std::size_t depth = depths[choices.below(std::size(depths))];
    const std::string_view body = choices.rest();
    check_read(body, id, depth);
    check_write(body, id);
}

const fuzz::Target target{"envelope", run};

}  // namespace
