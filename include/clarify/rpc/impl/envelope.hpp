// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_RPC_IMPL_ENVELOPE_HPP
#define CLARIFY_RPC_IMPL_ENVELOPE_HPP

#include <clarify/core/detail/json_hooks.hpp>
#include <clarify/core/detail/json_scan.hpp>
#include <clarify/core/detail/text.hpp>

#include <charconv>
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

inline Members read_members(std::string_view object, std::size_t max_depth) {
    Members members;
    JsonScanner scanner{object, max_depth};
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

/// Reads an error object as far as it can be understood: a broken one is still the server's answer.
inline RpcError read_error(RawJson raw) {
    RpcError error;
    bool has_code = false;
    bool has_message = false;
    if (raw.kind == JsonKind::object) {
        JsonScanner scanner{raw.text, clarify::detail::json_depth_ceiling};
        scanner.object([&](std::string_view key, JsonScanner& at) {
            const RawJson value = at.value();
            if (key_is(key, "code") && value.kind == JsonKind::number) {
                const auto code = clarify::detail::json_integer(value.text);
                has_code = code.has_value();
                error.code = code.value_or(0);
            } else if (key_is(key, "message") && value.kind == JsonKind::string) {
                has_message = true;
                error.message = clarify::detail::json_unescape(value.text);
            } else if (key_is(key, "data")) {
                error.data = value.text;
            }
        });
    }
    if (!has_code && !has_message) error.message = raw.text;
    return error;
}

inline Error json_error(Reason reason, std::size_t offset, std::size_t size) {
    const char* what = reason == Reason::depth ? "the JSON text is nested too deeply"
        : reason == Reason::encoding           ? "the JSON text is not valid UTF-8"
        : offset == size                       ? "the JSON text ends too early"
                                               : "the text is not valid JSON";
    return Error{Errc::json, reason, std::string{what} + ", at byte " + std::to_string(offset)};
}

inline bool says_version(const Members& members) {
    return members.versions == 1 && members.version.kind == JsonKind::string &&
        clarify::detail::json_unescape(members.version.text) == "2.0";
}

inline Error version_error() {
    return Error{Errc::envelope, Reason::version, "the reply does not say \"jsonrpc\":\"2.0\""};
}

/// Null or `{}`: Clarify says that the result is absent or empty where there is an error.
inline bool is_empty(RawJson value) {
    if (value.kind != JsonKind::object) return value.kind == JsonKind::null;
    const std::string_view inside = value.text.substr(1, value.text.size() - 2);
    return inside.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

inline bool id_matches(RawJson id, std::int64_t expected) {
    return id.kind == JsonKind::number && clarify::detail::json_integer(id.text) == expected;
}

}  // namespace detail

namespace detail {

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
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, id).ptr;
    out += R"(,"id":)";
    out.append(digits, end);
    return detail::write_params(out, params, codec);
}

template <class Params, class Codec>
Result<void> write_notification(
    std::string& out, std::string_view method, const Params& params, const Codec& codec) {
    if (Result<void> written = detail::write_method(out, method); !written) return written;
    return detail::write_params(out, params, codec);
}

inline Result<std::string_view> read_response(
    std::string_view body, std::int64_t id, std::size_t max_depth) {
    using namespace detail;
    JsonScanner scanner{body, max_depth};
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

    const Members members = read_members(whole.text, max_depth);
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

    RpcError error = read_error(members.error);
    if (null_id) {
        if (error.code != RpcError::parse_error && error.code != RpcError::invalid_request) {
            return Error{Errc::envelope, Reason::id_mismatch, "the reply has a null id"};
        }
        error.uncorrelated = true;
    }
    return Error{Errc::rpc, Reason::none, "the server answered with an error"}.set_rpc(
        std::move(error));
}

template <class IsOurs>
Remark read_remark(std::string_view body, std::size_t max_depth, IsOurs is_ours) {
    using namespace detail;
    Remark remark;
    JsonScanner scanner{body, max_depth};
    const RawJson whole = scanner.document();
    if (!scanner.ok() || whole.kind != JsonKind::object) return remark;
    const Members members = read_members(whole.text, max_depth);
    if (members.ids != 0 && members.id.kind != JsonKind::null) {
        const bool is_number = members.ids == 1 && members.id.kind == JsonKind::number;
        const auto id = is_number ? clarify::detail::json_integer(members.id.text) : std::nullopt;
        remark.foreign = !id || !is_ours(*id);
    }
    if (!remark.foreign && members.errors == 1 && members.error.kind == JsonKind::object) {
        remark.error = read_error(members.error);
    }
    return remark;
}

}  // namespace clarify::rpc

#endif  // CLARIFY_RPC_IMPL_ENVELOPE_HPP
