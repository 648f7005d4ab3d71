// SPDX-License-Identifier: BSL-1.0
// Reads one HTTP/1.1 response from bytes: Beast's grammar, with the checks it leaves out. No I/O.

#ifndef CLARIFY_HTTP_DETAIL_BEAST_RESPONSE_READER_HPP
#define CLARIFY_HTTP_DETAIL_BEAST_RESPONSE_READER_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/core/http_message.hpp>
#include <clarify/core/result.hpp>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::detail {

struct ResponseLimits {
    std::size_t head = std::size_t{16} << 10U;
    std::size_t fields = 128;
    std::size_t body = std::size_t{16} << 20U;
    unsigned interim = 8;
    std::size_t chunk_line = std::size_t{1} << 10U;
    std::size_t chunk_extras = std::size_t{16} << 10U;
    /// The final head is all there is, whatever it announces: the reply to CONNECT.
    bool head_only = false;
};

/// What a parsed head says about the message behind it.
struct ResponseFacts {
    unsigned status = 0;
    bool head_done = false;
    bool done = false;
    /// Does the message end where its framing says, on a connection that stays open?
    bool reusable = false;
    std::optional<std::chrono::seconds> keep_alive;
};

/** Beast's parser for one message, with every check that the client needs on top of it.

    Beast accepts any transfer coding that it does not know as if it were none, status codes that
    are none, chunk sizes of any length, and any number of fields. Where a message ends must not be
    in doubt, so all of these end the connection here.
*/
class StrictParser final : public boost::beast::http::basic_parser<false> {
public:
    StrictParser(HttpResponse& response, const ResponseLimits& limits, std::size_t head_budget)
        : response_(response), limits_(limits) {
        eager(true);
        skip(limits.head_only);
        body_limit(boost::none);
        header_limit(static_cast<std::uint32_t>(head_budget));
    }

    /// Consumes what it can of `input`, which begins with what the last call left over.
    std::size_t read(std::string_view input, boost::beast::error_code& ec);

    const ResponseFacts& facts() const noexcept { return facts_; }
    const std::optional<Error>& refusal() const noexcept { return refusal_; }
    /// Has a transfer encoding been seen?
    bool has_transfer_encoding() const noexcept { return chunked_; }
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

    void refuse(Errc code, Reason reason, const char* why, error_code& ec) {
        refusal_ = Error{code, reason, why};
        ec = boost::beast::http::error::bad_value;
    }

    void on_request_impl(
        boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int code, string_view, int version, error_code& ec) override;
    void on_field_impl(field name, string_view text, string_view value, error_code& ec) override;
    void on_header_impl(error_code& ec) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code& ec) override;
    void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& ec) override;
    std::size_t on_chunk_body_impl(std::uint64_t left, string_view body, error_code& ec) override {
        const std::size_t taken = on_body_impl(body, ec);
        chunk_left_ = left - taken;
        return taken;
    }
    void on_finish_impl(error_code&) override { facts_.done = true; }

    void check_length(std::string_view value, error_code& ec);

    HttpResponse& response_;
    const ResponseLimits& limits_;
    ResponseFacts facts_;
    std::optional<Error> refusal_;
    std::size_t fields_ = 0;
    std::size_t extras_ = 0;
    std::uint64_t chunk_left_ = 0;
    /// Where the input of the current `read` begins, and what follows the size of the last chunk in
    /// it.
    const char* input_ = nullptr;
    const char* last_chunk_ = nullptr;
    bool http_11_ = false;
    bool chunked_ = false;
    bool has_length_ = false;
    bool length_is_zero_ = true;
    bool has_chunk_ = false;
    bool says_close_ = false;
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
    ResponseReader(HttpResponse& response, const ResponseLimits& limits)
        : response_(response), limits_(limits), head_budget_(limits.head) {
        parser_.emplace(response_, limits_, head_budget_);
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

    bool done() const noexcept { return facts().done && facts().status >= 200; }
    bool head_done() const noexcept { return facts().head_done; }
    /// May the connection carry another exchange? Meaningful once `done()`.
    bool reusable() const noexcept { return facts().reusable; }
    std::optional<std::chrono::seconds> keep_alive() const noexcept { return facts().keep_alive; }

private:
    const ResponseFacts& facts() const noexcept { return parser_->facts(); }
    Error failure(boost::beast::error_code ec) const;
    Result<void> check_waiting(std::string_view waiting) const;
    Result<void> next_after_interim();

    HttpResponse& response_;
    ResponseLimits limits_;
    std::size_t head_budget_;
    unsigned interim_ = 0;
    std::optional<StrictParser> parser_;
};

}  // namespace clarify::detail

#include <clarify/http/detail/beast/impl/response_reader.hpp>

#endif  // CLARIFY_HTTP_DETAIL_BEAST_RESPONSE_READER_HPP
