// SPDX-License-Identifier: BSL-1.0

#include "hints.hpp"

namespace clarify_cli {
namespace {

using clarify::Errc;
using clarify::Reason;
using clarify::RpcError;

std::string_view hint_for_rpc(const RpcError& rpc) {
    switch (rpc.code) {
        case RpcError::method_not_found:
            return "Check the spelling of the method, and whether the API version has it "
                   "(--api-version).";
        case RpcError::invalid_params:
            return "Compare PARAMS with what the method's documentation asks for.";
        case RpcError::forbidden:
            return "Grant the integration access to this namespace in Clarify's admin panel.";
        case RpcError::conflict:
            return "Somebody else changed the same: read it again, then repeat.";
        case RpcError::try_again:
            return "Try again in a while.";
        case RpcError::partial_failure:
            return "Repeat only what failed.";
        case RpcError::internal_error:
        case RpcError::server_error:
            return "Try again later; if it stays, tell the server's support the trace.";
        default:
            return "";
    }
}

/// Does a status say that there is something else at the address?
bool is_about_url(unsigned status) { return status == 404 || status == 405; }

std::string_view hint_for_status(unsigned status) {
    if (status == 400)
        return "The server may not know the API version; choose another by --api-version.";
    if (status == 403) return "Something before the API refuses the request; check the API URL.";
    if (is_about_url(status)) return "There is no API at this address; check the API URL.";
    if (status == 429) return "Call less often.";
    if (status >= 300 && status < 400) {
        return "Redirects are not followed; correct the API URL in the credentials or by "
               "--api-url.";
    }
    if (status >= 500) return "The service has trouble; try again later.";
    return "";
}

std::string_view hint_for_tls(Reason reason) {
    switch (reason) {
        case Reason::untrusted:
            return "If the server has a certificate authority of its own, name it by --ca-file.";
        case Reason::host_mismatch:
            return "The certificate is for another host; check the API URL.";
        case Reason::cert_time:
            return "The certificate is not valid at this time; check it, and the clock of this "
                   "machine.";
        case Reason::protocol:
        case Reason::weak:
            return "The server's TLS is too old or too weak to be used.";
        default:
            return "Check that this is the right port, and that the server speaks TLS there.";
    }
}

std::string_view hint_for_timeout(clarify::Phase phase) {
    switch (phase) {
        case clarify::Phase::resolve:
            return "Check the network, and the name servers of this machine: they did not answer.";
        case clarify::Phase::connect:
        case clarify::Phase::proxy:
        case clarify::Phase::tls:
            return "Check that the server, or the proxy before it, can be reached from here.";
        default:
            return "If the server just needs longer, raise --timeout.";
    }
}

std::string_view hint_for_config(Reason reason) {
    if (reason == Reason::file) {
        return "Credentials are named by --credentials or CLARIFY_CREDENTIALS, and a certificate "
               "authority by --ca-file; `clarify emulator` makes files to try things with.";
    }
    if (reason == Reason::no_roots)
        return "Install the distribution's ca-certificates, or use --ca-file.";
    return "";
}

}  // namespace

std::string_view hint_for(const clarify::Error& error) {
    if (error.rpc() != nullptr) return hint_for_rpc(*error.rpc());
    switch (error.code()) {
        case Errc::bad_config:
            return hint_for_config(error.reason());
        case Errc::resolve:
            return "Check the host name of the API URL, and the network.";
        case Errc::connect:
            return "Check that the server runs, and the host and port of the API URL.";
        case Errc::tls:
            return hint_for_tls(error.reason());
        case Errc::timeout:
            return hint_for_timeout(error.token_step().value_or(error.phase()));
        case Errc::auth:
            return "Check the credentials: are they for this server, and still valid in the admin "
                   "panel? A password takes the type basic-auth, an OAuth client "
                   "client-credentials.";
        case Errc::token:
            if (error.reason() == Reason::throttled)
                return "Too many tokens were asked for; wait a while.";
            if (error.http() != nullptr && is_about_url(error.http()->status))
                return hint_for_status(error.http()->status);
            return "Check the client id and secret: are they for this server, and still valid? A "
                   "password takes the type basic-auth.";
        case Errc::status:
            return error.http() != nullptr ? hint_for_status(error.http()->status) : "";
        case Errc::framing:
        case Errc::json:
        case Errc::envelope:
            return "This does not look like the API; check the API URL, and for a proxy in "
                   "between.";
        case Errc::too_large:
            return "Ask for less at a time.";
        default:
            return "";
    }
}

}  // namespace clarify_cli
