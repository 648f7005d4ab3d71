// SPDX-License-Identifier: BSL-1.0
// Limits of the shipped HTTP backends.

#ifndef CLARIFY_HTTP_HTTP_OPTIONS_HPP
#define CLARIFY_HTTP_HTTP_OPTIONS_HPP

#include <clarify/core/detail/config.hpp>
#include <clarify/core/event.hpp>
#include <clarify/http/proxy_options.hpp>
#include <clarify/http/tls_options.hpp>

#include <chrono>
#include <cstddef>

namespace clarify {

/** Limits of a connection pool, its connections and what comes over them, for `BeastBackend` and
    `CurlBackend` alike but for what is said at a member.

    Every limit is hard: what is beyond it is refused or ended, never only reported. An origin is a
    scheme, host and port; each has a pool of its own. The longest duration there is means
    for ever. The deadline of a call ends each of these phases as well, if it is earlier.
*/
struct HttpOptions {
    HttpOptions() {}

    /// Connections to one origin, idle ones and those in use together. At least 1, 16 by default.
    /// Further exchanges wait in line, first come first served.
    std::size_t max_connections = 16;
    /// Exchanges that may wait for a connection to one origin, 16,384 by default; the next one fails
    /// with `Errc::overloaded`, `Fate::unsent`. Zero: nobody waits.
    std::size_t max_waiting = 16'384;
    /// A connection idle for longer is not used again; a server's `Keep-Alive: timeout` shortens
    /// that. 30 s by default. Zero: each connection serves one exchange. It is closed when its time
    /// is up if an `io_context` then runs, which is not kept running for that; on other contexts, when
    /// the next connection to that origin is asked for. Where it may last for longer than half a
    /// minute, TCP probes tell whether the peer is still there.
    ///
    /// One that yields not a byte of an answer before its exchange has to end, by its deadline, by the
    /// limit of an attempt (`ClientOptions::attempt_timeout`) or by `unacknowledged_timeout`, takes
    /// those with it that were idle before: what is on the way may have forgotten all of them. Of a
    /// method that never answers in time, that is true more and more rarely, at most once a minute.
    std::chrono::milliseconds idle_timeout{30'000};
    /// A connection older than this is not used again, so that a changed address takes effect; the
    /// exchange that it carries is not disturbed. At least 1 ms, 15 min by default.
    std::chrono::milliseconds connection_lifetime{900'000};
    /// The limit of name resolution and TCP connect together. At least 1 ms, 10 s by default. Beyond
    /// it: `Errc::timeout` in `Phase::resolve` or `Phase::connect`, `Fate::unsent`.
    std::chrono::milliseconds connect_timeout{10'000};
    /// The limit of one address while there are others to try; the last one may use all that is left
    /// of `connect_timeout`. At least 1 ms, 3 s by default. For `BeastBackend`: libcurl divides the
    /// time by itself.
    std::chrono::milliseconds address_timeout{3'000};
    /// How long an address gets before the next one is tried beside it (RFC 8305 section 5). At least
    /// 1 ms, 250 ms by default.
    std::chrono::milliseconds connect_stagger{250};
    /// The limit of the TLS handshake. At least 1 ms, 10 s by default. Where a session could not be
    /// resumed, the second attempt has the same limit anew. Beyond it: `Errc::timeout` in
    /// `Phase::tls`, `Fate::unsent`.
    std::chrono::milliseconds tls_timeout{10'000};
    /// The limit of a proxy's answer to CONNECT. At least 1 ms, 10 s by default. Beyond it:
    /// `Errc::timeout` in `Phase::proxy`, `Fate::unsent`.
    std::chrono::milliseconds proxy_timeout{10'000};

    /// How long bytes may be on their way without being acknowledged, where the system can tell
    /// (`TCP_USER_TIMEOUT`, Linux): a path that leads nowhere any more then ends an exchange with
    /// `Errc::io` long before its deadline. 10 s by default. Zero: the system's own limit, some 15 min. A
    /// server that takes its time to answer is not affected, as its system acknowledges at once.
    std::chrono::milliseconds unacknowledged_timeout{10'000};

    /// Status line and header fields of a response in bytes, line ends and interim responses
    /// included; the answer to CONNECT has the same limit for itself. From 64 B to 30 KiB, 16 KiB by
    /// default. Beyond it: `too_large[head]`.
    std::size_t max_response_head = std::size_t{16} << 10U;
    /// Header fields of a response; those of its trailers count with `BeastBackend`. At least 1, 128 by
    /// default. Beyond it: `too_large[head]`.
    std::size_t max_response_fields = 128;
    /// Interim responses (1xx) before the final one, 8 by default. Zero: the first one is refused.
    /// Beyond it: `framing[interim]`.
    unsigned max_interim_responses = 8;
    /// The size line of one chunk with its extensions, in bytes without the line end. From 16 B to
    /// 30 KiB, 1 KiB by default. Beyond it: `too_large[chunk]`. For `BeastBackend`: libcurl takes lines
    /// of any length, within the deadline.
    std::size_t max_chunk_line = std::size_t{1} << 10U;
    /// All chunk extensions and trailers of a response together, in bytes with the line ends of the
    /// trailers; `CurlBackend` sees and counts the trailers alone. From 4 B, which is an empty trailer,
    /// to 30 KiB, 16 KiB by default. Beyond it: `too_large[chunk]`.
    std::size_t max_chunk_extras = std::size_t{16} << 10U;

    /// Whom to trust, who to be. By default the system's trust store, and nobody.
    TlsOptions tls;
    /// Which way connections take. By default directly to the origin.
    ProxyOptions proxy;
    /// Receives events of connections, and of files of `tls`. Empty, the default: those of the client that the backend is given
    /// to, `ClientOptions::observer`; nobody where that has none, or the backend has no client.
    Observer observer;

    /// Done by each backend's constructor.
    /// @throws std::invalid_argument naming the member that is out of range, those of `tls` and
    /// `proxy` included.
    void check() const;
};

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/http/impl/http_options.hpp>
#endif

#endif  // CLARIFY_HTTP_HTTP_OPTIONS_HPP
