// SPDX-License-Identifier: BSL-1.0
// A conformance kit for HTTP backends: does an adapter keep the contract of `HttpBackend`?

#ifndef CLARIFY_TESTING_CHECK_HTTP_BACKEND_HPP
#define CLARIFY_TESTING_CHECK_HTTP_BACKEND_HPP

#include <clarify/concepts/http_backend.hpp>
#include <clarify/http/http_options.hpp>
#include <clarify/testing/conformance.hpp>

#include <type_traits>

namespace clarify::testing {

/** Runs a hundred cases against backends that `make_backend` makes, over real loopback
    sockets and real TLS, and reports each promise of `HttpBackend` that is not kept.

    `make_backend(options)` gives a new backend, which must trust `options.tls.ca_pem`: the
    certificates of the kit's own servers are signed by it. The other options are small limits and
    short time-outs, which an adapter with such settings should take over: 8 connections, 3 s to
    connect, 3 s for a handshake, heads of 8 KiB. An adapter without them may ignore them.

    @code
    const auto report = clarify::testing::check_http_backend(
        [](const clarify::HttpOptions& options) { return MyBackend{options.tls.ca_pem}; });
    if (!report.passed()) std::cerr << report;
    @endcode

    Each case has a backend, an `io_context` and servers of its own, and drives its exchanges as a
    client does: on one serial executor, cancelled with `cancellation_type::terminal`, a success
    followed by `lease.keep()`. It judges only what the contract promises: a backend that keeps no
    connections, or manages them out of sight, is not judged on their reuse, and one that leaves
    deadlines to the client's cancellation is not judged on what it reports then.

    What cannot be staged on this machine is listed as not judged, with the reason: a name that the
    resolver does not know as unknown ("resolve.unknown"), a machine that does not know localhost or
    has no IPv6 ("resolve.localhost", "tls.wrong_name", "tls.server_name", "request.address_6"), and
    a connection that does not come to stand (a part of "progress.phase", "progress.sent" and
    "destroy.in_flight", and all of "cancel.connect" and "deadline.connect"). So are those of
    "drain", "retire" and "observe" for a backend that has no such function, "failure.overloaded" for one that refuses nobody,
    and "tls.until_close" for one that cannot see the closing alert. Not tried at all are proxies,
    names that end in a dot, and what must not be touched once a context is gone: run the kit under
    a sanitizer for that.

    The first cases are "executor.serial" and "executor.alone". Where work goes on outside the client's
    executor, or another thread touches `progress` or the response, the report ends with them, for the
    other cases might crash the program. Of each case the first five
    problems are listed, and how many more there were.

    @par Duration
    A few seconds for a backend that keeps the contract; a badly broken one may take minutes.
    Nothing waits for ever: an exchange that does not complete fails its case within ten seconds,
    also where the backend blocks its thread; a thread that cannot be freed by closing the
    connections it may be blocked on is abandoned, so what `make_backend` refers to should live as
    long as the program then.
    @par Threads
    Each case runs on a thread, and its servers on others; `make_backend` is called on the former,
    by one thread at a time. All threads have ended when the function returns, but for those that
    had to be abandoned.
    @par Errors
    What a backend or `make_backend` throws is reported as a problem of the case.
    @throws std::runtime_error or boost::system::system_error where OpenSSL cannot make
    certificates.
*/
template <class MakeBackend>
requires HttpBackend<std::invoke_result_t<MakeBackend&, const HttpOptions&>> ConformanceReport
check_http_backend(MakeBackend make_backend);

}  // namespace clarify::testing

#include <clarify/testing/detail/kits/impl/check_http_backend.hpp>

#endif  // CLARIFY_TESTING_CHECK_HTTP_BACKEND_HPP
