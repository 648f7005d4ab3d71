// SPDX-License-Identifier: BSL-1.0
// Writes requests, and reads responses member by member.

#ifndef CLARIFY_RPC_IMPL_ENVELOPE_HPP
#define CLARIFY_RPC_IMPL_ENVELOPE_HPP

#include <clarify/core/detail/json_fault.hpp>
#include <clarify/core/detail/json_hooks.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/rpc/envelope.hpp>

#include <type_traits>

namespace clarify::rpc {
namespace detail {

using clarify::detail::JsonKind;
using clarify::detail::JsonScanner;
using clarify::detail::key_is;
using clarify::detail::RawJson;

/// The members of a response that count, each with how often it occurs.
struct Members {
    RawJson version, id, result, error;
    int versions = 0, ids = 0, results = 0, errors = 0;
};

inline Members read_members(
    std::string_view object, std::size_t max_depth, clarify::detail::DecodeTime* time) {
    Members members;
    JsonScanner scanner{object, max_depth, time};
    scanner.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        const auto take = [&](RawJson& slot, int& count) {
            slot = value;
            ++count;
        };
        if (key_is(key, "jsonrpc")) {
            take(members.version, members.versions);
        } else if (key_is(key, "id")) {
            take(members.id, members.ids);
        } else if (key_is(key, "result")) {
            take(members.result, members.results);
        } else if (key_is(key, "error")) {
            take(members.error, members.errors);
        }
    });
    return members;
}

/** Reads an error object (section 5.1).

    Nothing is made up for one that is none: what is wrong with it is returned, in words that hold
    nothing of the server's but the code.
*/
inline std::optional<Error> read_error(
    RawJson raw, RpcError& error, clarify::detail::DecodeTime* time) {
    const auto fault = [](std::string what) {
        return Error{Errc::envelope, Reason::bad_error, "the error of the reply " + std::move(what)}
            .set_fate(Fate::answered);
    };
    if (raw.kind != JsonKind::object) return fault("is not an object");
    RawJson code, message;
    JsonScanner scanner{raw.text, clarify::detail::json_depth_ceiling, time};
    scanner.object([&](std::string_view key, JsonScanner& at) {
        const RawJson value = at.value();
        if (key_is(key, "code")) {
            code = value;
        } else if (key_is(key, "message")) {
            message = value;
        } else if (key_is(key, "data")) {
            error.data = value.text;
        }
    });
    if (code.kind == JsonKind::null) return fault("has no code");
    const auto number =
        code.kind == JsonKind::number ? clarify::detail::json_integer(code.text) : std::nullopt;
    if (!number) return fault("has a code that is not an integer of 64 bits");
    error.code = *number;
    if (message.kind == JsonKind::string) {
        error.message = clarify::detail::json_unescape(message.text);
    } else if (message.kind != JsonKind::null) {
        return fault(
            "has a message that is not a string, and the code " + std::to_string(error.code));
    }
    return std::nullopt;
}

inline Error json_error(Reason reason, std::size_t offset, std::size_t size) {
    return Error{Errc::json, reason, clarify::detail::broken_json(reason, offset, size)};
}

inline bool says_version(const Members& members) {
    return members.versions == 1 && members.version.kind == JsonKind::string &&
        clarify::detail::json_unescape(members.version.text) == "2.0";
}

inline Error version_error() {
    return Error{Errc::envelope, Reason::version, "the reply does not say \"jsonrpc\":\"2.0\""};
}

/// Null or `{}`: Clarify says that the result is absent or empty where there is an error.
/// The error of a call that the server answered with `error`.
inline Error refusal(RpcError error) {
    std::string words = "the server answered with an error";
    if (error.code == RpcError::forbidden) {
        words +=
            ": have an administrator grant the integration access to the namespace of this method";
    }
    return Error{Errc::rpc, Reason::none, std::move(words)}.set_rpc(std::move(error));
}

inline bool is_empty(RawJson value) {
    if (value.kind != JsonKind::object) return value.kind == JsonKind::null;
    const std::string_view inside = value.text.substr(1, value.text.size() - 2);
    return inside.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

inline bool id_matches(RawJson id, std::int64_t expected) {
    return id.kind == JsonKind::number && clarify::detail::json_integer(id.text) == expected;
}

inline Result<void> write_method(std::string& out, std::string_view method) {
    if (method.empty()) return Error{Errc::bad_argument, Reason::method, "the method is empty"};
    if (method.starts_with("rpc.")) {
        return Error{
            Errc::bad_argument, Reason::method, "methods that start with rpc. are reserved"};
    }
    out += R"({"jsonrpc":"2.0","method":)";
    if (!clarify::detail::append_json_string(out, method)) {
        return Error{Errc::bad_argument, Reason::method, "the method is not valid UTF-8"};
    }
    return {};
}

/// Writes a type that has a JSON form of its own without the codec, all others with it.
template <class Params, class Codec>
Result<void> encode_params(std::string& out, const Params& params, const Codec& codec) {
    if constexpr (clarify::detail::WritesOwnJson<Params>) {
        return append_json_text(out, params);
    } else {
        return codec.encode(params, out);
    }
}

template <class Params, class Codec>
Result<void> write_params(std::string& out, const Params& params, const Codec& codec) {
    if constexpr (!std::is_same_v<Params, NoParams>) {
        out += R"(,"params":)";
        const std::size_t start = out.size();
        if (Result<void> encoded = encode_params(out, params, codec); !encoded) return encoded;
        if (out.size() == start || (out[start] != '{' && out[start] != '[')) {
            return Error{
                Errc::bad_argument, Reason::params, "params is neither an object nor an array"};
        }
        using Writer = std::conditional_t<clarify::detail::WritesOwnJson<Params>, Params, Codec>;
        if constexpr (!clarify::detail::VouchesForJson<Writer>) {
            JsonScanner scanner{
                std::string_view{out}.substr(start), clarify::detail::json_depth_ceiling};
            scanner.document();
            if (!scanner.ok()) {
                return Error{
                    Errc::bad_argument,
                    Reason::syntax,
                    "what was written for params is not valid JSON, at byte " +
                        std::to_string(scanner.offset())};
            }
        }
    }
    out += '}';
    return {};
}

}  // namespace detail

template <class Params, class Codec>
Result<void> write_request(
    std::string& out,
    std::string_view method,
    std::int64_t id,
    const Params& params,
    const Codec& codec) {
    if (Result<void> written = detail::write_method(out, method); !written) return written;
    char digits[clarify::detail::json_number_size];
    out += R"(,"id":)";
    out.append(digits, clarify::detail::put_json_number(digits, id));
    return detail::write_params(out, params, codec);
}

template <class Params, class Codec>
Result<void> write_notification(
    std::string& out, std::string_view method, const Params& params, const Codec& codec) {
    if (Result<void> written = detail::write_method(out, method); !written) return written;
    return detail::write_params(out, params, codec);
}

inline Result<std::string_view> read_response(
    std::string_view body,
    std::int64_t id,
    std::size_t max_depth,
    clarify::detail::DecodeTime* time) {
    using namespace detail;
    JsonScanner scanner{body, max_depth, time};
    const RawJson whole = scanner.document();
    if (scanner.reason() == Reason::empty) {
        return Error{Errc::envelope, Reason::empty, "the reply has no body"};
    }
    if (!scanner.ok()) return json_error(scanner.reason(), scanner.offset(), body.size());
    if (whole.kind == JsonKind::array) {
        return Error{Errc::envelope, Reason::batch, "the reply to a single call is an array"};
    }
    if (whole.kind != JsonKind::object) {
        return Error{Errc::envelope, Reason::members, "the reply is not a JSON object"};
    }

    const Members members = read_members(whole.text, max_depth, time);
    if (!says_version(members)) return version_error();
    const bool has_error = members.errors == 1 && members.error.kind != JsonKind::null;
    const bool has_result = members.results == 1 && !(has_error && is_empty(members.result));
    if (members.ids == 0) return Error{Errc::envelope, Reason::id_missing, "the reply has no id"};
    const bool null_id = members.ids == 1 && members.id.kind == JsonKind::null;
    if (members.ids != 1 || (!null_id && !id_matches(members.id, id)) || (null_id && !has_error)) {
        return Error{
            Errc::envelope, Reason::id_mismatch, "the reply has the id of another request"};
    }
    if (members.errors > 1 || members.results > 1 || has_error == has_result) {
        return Error{
            Errc::envelope,
            Reason::members,
            "the reply does not have exactly one of result and error"};
    }
    if (has_result) return members.result.text;

    RpcError error;
    std::optional<Error> fault = read_error(members.error, error, time);
    if (null_id) {
        if (fault ||
            (error.code != RpcError::parse_error && error.code != RpcError::invalid_request)) {
            return Error{Errc::envelope, Reason::id_mismatch, "the reply has a null id"};
        }
        error.uncorrelated = true;
    }
    if (fault) return std::move(*fault);
    return refusal(std::move(error));
}

template <class IsOurs>
Remark read_remark(
    std::string_view body,
    std::size_t max_depth,
    IsOurs is_ours,
    clarify::detail::DecodeTime* time) {
    using namespace detail;
    Remark remark;
    JsonScanner scanner{body, max_depth, time};
    const RawJson whole = scanner.document();
    if (!scanner.ok() || whole.kind != JsonKind::object) return remark;
    const Members members = read_members(whole.text, max_depth, time);
    if (members.ids != 0 && members.id.kind != JsonKind::null) {
        const bool is_number = members.ids == 1 && members.id.kind == JsonKind::number;
        const auto id = is_number ? clarify::detail::json_integer(members.id.text) : std::nullopt;
        remark.foreign = !id || !is_ours(*id);
    }
    if (!remark.foreign && members.errors == 1 && members.error.kind != JsonKind::null) {
        RpcError said;
        remark.fault = read_error(members.error, said, time);
        if (!remark.fault) remark.error = std::move(said);
    }
    return remark;
}

}  // namespace clarify::rpc

#endif  // CLARIFY_RPC_IMPL_ENVELOPE_HPP
