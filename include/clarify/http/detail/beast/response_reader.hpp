// SPDX-License-Identifier: BSL-1.0
// Reads one HTTP/1.1 response from bytes: Beast's grammar, with the checks it leaves out. No I/O.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_RESPONSE_READER_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_RESPONSE_READER_HPP

#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>
#include <clarify/http/detail/reply/reply_rules.hpp>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::detail {

/** Beast's parser for one message, which hands what it finds to the rules.

    Beast accepts any transfer coding that it does not know as if it were none, status codes that
    are none, chunk sizes of any length, and any number of fields. The rules do not.
*/
class StrictParser final : public boost::beast::http::basic_parser<false> {
public:
    explicit StrictParser(ReplyRules& rules) : rules_(rules) {
        eager(true);
        skip(rules.limits().head_only);
        body_limit(boost::none);
        // Only complete heads within the limit are parsed.
        header_limit((std::numeric_limits<std::uint32_t>::max)());
    }

    /// Consumes what it can of `input`, which begins with what the last call left over.
    std::size_t read(std::string_view input, boost::beast::error_code& ec);

    /// Is the message complete, within its limits?
    bool is_complete() const noexcept { return complete_; }
    /// The bytes of chunk extensions so far.
    std::size_t extras() const noexcept { return extras_; }
    /// Is a chunk complete, so that its CRLF is the next to be read?
    bool has_chunk() const noexcept { return has_chunk_ && !in_chunk(); }
    /// Is the next byte one of a chunk's data?
    bool in_chunk() const noexcept { return chunk_left_ != 0; }

private:
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;
    using field = boost::beast::http::field;

    /// Stops Beast where the rules refuse.
    static void heed(bool accepted, error_code& ec) {
        if (!accepted) ec = boost::beast::http::error::bad_value;
    }

    void on_request_impl(
        boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int code, string_view, int version, error_code& ec) override;
    void on_field_impl(field name, string_view text, string_view value, error_code& ec) override;
    void on_header_impl(error_code& ec) override { heed(rules_.end_of_head(), ec); }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code& ec) override;
    void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& ec) override;
    std::size_t on_chunk_body_impl(std::uint64_t left, string_view body, error_code& ec) override {
        const std::size_t taken = on_body_impl(body, ec);
        chunk_left_ = left - taken;
        return taken;
    }
    void on_finish_impl(error_code&) override { complete_ = true; }

    ReplyRules& rules_;
    std::size_t extras_ = 0;
    std::uint64_t chunk_left_ = 0;
    /// Where the input of the current `read` begins, and what follows the size of the last chunk in
    /// it.
    const char* input_ = nullptr;
    const char* last_chunk_ = nullptr;
    bool has_chunk_ = false;
    bool complete_ = false;
};

/** Reads one response, interim responses before it included, from bytes given in any portions.

    @par Errors
    `Errc::framing` where the message is not exactly what RFC 9112 allows (reason `head`, `length`,
    `transfer_encoding`, `chunk`, `interim` or `content_encoding`), `Errc::too_large` past a limit,
    `Errc::io` with `Reason::truncated` where the input ends inside the message. `Fate::unknown`
    always.
*/
class ResponseReader {
public:
    /// `response` must outlive the reader.
    ResponseReader(HttpResponse& response, const ReplyLimits& limits) : rules_(response, limits) {
        parser_.emplace(rules_);
    }
    ResponseReader(const ResponseReader&) = delete;
    ResponseReader& operator=(const ResponseReader&) = delete;

    /** Consumes what it can of `input` and returns how much that was.

        What is left over belongs in front of the bytes that come next; once `done()`, it belongs to
        no message.
    */
    Result<std::size_t> feed(std::string_view input);
    /// The peer has ended its side, cleanly or not. Completes a message that is delimited by that.
    Result<void> end_of_input(bool clean);

    bool done() const noexcept { return rules_.head_done() && parser_->is_complete(); }
    bool head_done() const noexcept { return rules_.head_done(); }
    /// May the connection carry another exchange? Meaningful once `done()`.
    bool reusable() const noexcept { return rules_.reusable(); }
    /// How long the server promises to keep the idle connection, if it says so.
    std::optional<std::chrono::seconds> keep_alive() const noexcept { return rules_.keep_alive(); }

private:
    Error failure(boost::beast::error_code ec) const;
    Result<std::size_t> feed_head(std::string_view input);
    Result<std::size_t> feed_body(std::string_view input);
    Result<void> check_waiting(std::string_view waiting) const;

    ReplyRules rules_;
    std::optional<StrictParser> parser_;
};

}  // namespace clarify::detail

#include <clarify/http/detail/beast/impl/response_reader.hpp>

#endif  // CLARIFY_HTTP_DETAIL_BEAST_RESPONSE_READER_HPP
