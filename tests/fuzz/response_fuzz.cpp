// SPDX-License-Identifier: BSL-1.0
// HTTP responses: the same from any portions; success only where framing leaves no doubt, and where
// Boost.Beast's own parser, given the whole, reads the same body.

#include "fuzz.hpp"
#include "http_reading.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using clarify::detail::iequals;
using clarify::detail::ReplyLimits;
using fuzz::End;
using fuzz::HttpReading;
using fuzz::require;

/// What Boost.Beast makes of the final response in `input`.
struct BeastReading {
    std::string body;
    unsigned status = 0;
    std::size_t head_begin = 0;
    std::size_t size = 0;
};

/// Beast insists on a blank behind the status code, which may be missing together with the reason.
std::string with_blank(std::string_view reply) {
    constexpr std::size_t end_of_code = std::string_view{"HTTP/1.1 200"}.size();
    std::string out{reply};
    if (reply.size() > end_of_code && reply[end_of_code] == '\r') out.insert(end_of_code, 1, ' ');
    return out;
}

std::optional<BeastReading> read_by_beast(std::string_view input) {
    namespace http = boost::beast::http;
    BeastReading reading;
    for (;;) {
        http::response_parser<http::string_body> parser;
        parser.eager(true);
        parser.body_limit(boost::none);
        parser.header_limit(1U << 20U);
        boost::beast::error_code ec;
        const std::string_view bytes = input.substr(reading.size);
        const std::string rest = with_blank(bytes);
        std::size_t at = 0;
        while (!parser.is_done() && at != rest.size()) {
            const std::size_t taken =
                parser.put(boost::asio::buffer(rest.data() + at, rest.size() - at), ec);
            at += taken;
            if (ec == http::error::need_more || taken == 0) break;
            if (ec) return std::nullopt;
        }
        if (!parser.is_done()) {
            ec = {};
            if (!parser.is_header_done() || !parser.need_eof()) return std::nullopt;
            parser.put_eof(ec);
            if (ec) return std::nullopt;
        }
        const std::size_t inserted = rest.size() - bytes.size();
        reading.head_begin = std::exchange(reading.size, reading.size + at - inserted);
        if (parser.get().result_int() / 100 == 1) continue;
        reading.status = parser.get().result_int();
        reading.body = parser.get().body();
        return reading;
    }
}

using Field = std::pair<std::string, std::string>;

/// The fields of a head, line by line; folded lines belong to the field before.
std::vector<Field> split_head(std::string_view head) {
    std::vector<Field> fields;
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
        const std::size_t next = head.find("\r\n", at + 2);
        const std::string_view line = head.substr(at + 2, next - at - 2);
        at = next;
        if (line.empty()) break;
        if ((line.front() == ' ' || line.front() == '\t') && !fields.empty()) {
            fields.back().second += ' ' + std::string{clarify::detail::trim(line)};
            continue;
        }
        const std::size_t colon = line.find(':');
        require(colon != 0 && colon != std::string_view::npos, "every field has a name");
        fields.emplace_back(
            line.substr(0, colon),
            clarify::detail::trim(line.substr(std::min(colon + 1, line.size()))));
    }
    for (Field& field : fields)
        field.second = std::string{clarify::detail::trim(field.second)};
    return fields;
}

std::vector<std::string> values(const std::vector<Field>& fields, std::string_view name) {
    std::vector<std::string> found;
    for (const Field& field : fields) {
        if (iequals(field.first, name)) found.push_back(field.second);
    }
    return found;
}

/// By the head alone: a trailer may not say how the connection goes on (RFC 9110 section 6.5.1), but
/// Beast listens to it.
bool beast_would_keep(std::string_view given) {
    const std::string head = with_blank(given);
    boost::beast::http::response_parser<boost::beast::http::string_body> parser;
    boost::beast::error_code ec;
    parser.header_limit(1U << 20U);
    parser.put(boost::asio::buffer(head.data(), head.size()), ec);
    return parser.is_header_done() && parser.keep_alive();
}

/// What a response that was accepted must look like.
void check_framing(std::string_view head, const HttpReading& reading, const ReplyLimits& limits) {
    require(head.starts_with("HTTP/1.1 ") || head.starts_with("HTTP/1.0 "), "the version is known");
    require(
        head.substr(9, 3) == std::to_string(reading.response.status), "the status is the one sent");
    const unsigned status = reading.response.status;
    require(status >= 200 && status <= 599, "the status is a final one");

    const std::vector<Field> fields = split_head(head);
    require(fields.size() <= limits.fields, "there are no more fields than allowed");
    for (const Field& field : fields) {
        require(clarify::detail::is_token(field.first), "a name is a token");
        require(clarify::detail::is_field_value(field.second), "a value has no control character");
    }
    const std::vector<std::string> lengths = values(fields, "Content-Length");
    for (const std::string& length : lengths) {
        require(
            !length.empty() && length.find_first_not_of("0123456789") == std::string::npos,
            "a length is a number");
        require(std::stoull(length) == std::stoull(lengths.front()), "all lengths agree");
    }
    const std::vector<std::string> codings = values(fields, "Transfer-Encoding");
    require(codings.size() <= 1, "there is one transfer encoding at most");
    if (!codings.empty()) {
        require(iequals(codings.front(), "chunked"), "the transfer encoding is chunked");
        require(lengths.empty(), "there is no length beside a transfer encoding");
        require(head.starts_with("HTTP/1.1 "), "chunks are of HTTP/1.1");
    }
    for (const std::string& coding : values(fields, "Content-Encoding"))
        require(coding.empty() || iequals(coding, "identity"), "nothing is compressed");
    const bool bodiless = status == 204 || status == 304;
    const std::size_t size = reading.response.body.size();
    if (bodiless) {
        require(size == 0, "a status without body has none");
    } else if (!lengths.empty()) {
        require(size == std::stoull(lengths.front()), "a body is as long as announced");
    }
    if (!reading.reusable) return;
    require(!codings.empty() || !lengths.empty() || bodiless, "the end was marked");
    if (bodiless) require(codings.empty(), "no body is announced where none follows");
    for (const std::string& connection : values(fields, "Connection")) {
        clarify::detail::for_each_list_item(connection, [](std::string_view item) {
            require(!iequals(item, "close"), "close means close");
        });
    }
}

void run(std::string_view input) {
    fuzz::Choices choices{input};
    const unsigned options = choices.byte();
    ReplyLimits limits;
    if ((options & 1U) != 0) {
        limits.head = 256;
        limits.fields = 6;
        limits.body = 64;
        limits.interim = 2;
        limits.chunk_line = 32;
        limits.chunk_extras = 100;
    }
    const auto end = static_cast<End>(options / 2 % 3);
    const std::string_view bytes = choices.rest();
    const HttpReading reading = fuzz::read_in_all_ways(bytes, end, limits);
    if (!reading.success) return;

    const std::optional<BeastReading> beast = read_by_beast(bytes);
    require(beast.has_value(), "Beast accepts what the library accepts");
    require(beast->status == reading.response.status, "Beast reads the same status");
    require(beast->body == reading.response.body, "Beast reads the same body");
    require(beast->size == reading.size, "Beast sees the same end");
    std::string_view head = bytes.substr(beast->head_begin);
    head = head.substr(0, head.find("\r\n\r\n") + 4);
    require(head.size() <= limits.head, "no head is larger than its limit");
    require(!reading.reusable || beast_would_keep(head), "Beast would keep the connection, too");
    check_framing(head, reading, limits);
}

const fuzz::Target target{"response", run};

}  // namespace
