// SPDX-License-Identifier: BSL-1.0
// Policies chosen at run time: one client type for any HTTP stack and any authentication.

#ifndef CLARIFY_ANY_CLIENT_HPP
#define CLARIFY_ANY_CLIENT_HPP

#include <clarify/api/api_client.hpp>
#include <clarify/concepts/auth_policy.hpp>
#include <clarify/concepts/http_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace clarify {

/** Any `HttpBackend`, behind one virtual call for each exchange.

    The awaitable is the backend's own, so no coroutine frame is added. Moving it moves a pointer.

    @par Thread safety
    That of the backend inside.
*/
class AnyHttpBackend {
public:
    /// Takes a backend over.
    template <class Backend>
    requires(!std::same_as<Backend, AnyHttpBackend> && HttpBackend<Backend>)
        AnyHttpBackend(Backend backend)
        : inner_(std::make_unique<Holder<Backend>>(std::move(backend))) {}

    /// See `HttpBackend`.
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
        return inner_->post(request, response, progress);
    }
    void close() noexcept { inner_->close(); }
    void drain() noexcept { inner_->drain(); }

private:
    struct Interface {
        virtual ~Interface() = default;
        virtual boost::asio::awaitable<Result<void>> post(
            const HttpRequest& request, HttpResponse& response, HttpProgress& progress) = 0;
        virtual void close() noexcept = 0;
        virtual void drain() noexcept = 0;
    };
    template <class Backend>
    struct Holder;

    std::unique_ptr<Interface> inner_;
};

/** Any `AuthPolicy`, behind one virtual call for each attempt of a call.

    @par Thread safety
    That of the policy inside.
*/
class AnyAuthPolicy {
public:
    /// Takes a policy over.
    template <class Auth>
    requires(!std::same_as<Auth, AnyAuthPolicy> && AuthPolicy<Auth>) AnyAuthPolicy(Auth auth)
        : inner_(std::make_unique<Holder<Auth>>(std::move(auth))) {}

    /// See `AuthPolicy`.
    std::optional<AuthHeader> cached(AuthContext& context) { return inner_->cached(context); }
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint deadline) {
        return inner_->authorize(context, deadline);
    }
    bool rejected(AuthContext& context, const AuthHeader& header) {
        return inner_->rejected(context, header);
    }
    std::string_view kept_secret() const noexcept { return inner_->kept_secret(); }

private:
    struct Interface {
        virtual ~Interface() = default;
        virtual std::optional<AuthHeader> cached(AuthContext& context) = 0;
        virtual boost::asio::awaitable<Result<AuthHeader>> authorize(
            AuthContext& context, TimePoint deadline) = 0;
        virtual bool rejected(AuthContext& context, const AuthHeader& header) = 0;
        virtual std::string_view kept_secret() const noexcept = 0;
    };
    template <class Auth>
    struct Holder;

    std::unique_ptr<Interface> inner_;
};

/** One client type for every HTTP stack and every authentication, chosen when it is made:

    @code
    clarify::AnyClient client{
        executor, credentials.rpc_url(), clarify::CurlBackend{}, credentials.auth(), options};
    @endcode

    For interfaces, plug-ins and programs that choose by configuration. It costs two virtual calls
    for a call, no memory and no coroutine frame. It is made from policies, not from `Credentials`
    alone, because nothing here knows an HTTP stack: this header includes neither Beast nor OpenSSL.

    The typed methods take the integration from `ApiOptions`, or from the client:
    `AnyClient{RpcClient<…>{…}, credentials.integration()}`. All else is as in `ApiClient`.
*/
using AnyClient = ApiClient<RpcClient<AnyHttpBackend, AnyAuthPolicy, BoostJsonCodec>>;

template <class Backend>
struct AnyHttpBackend::Holder final : Interface {
    explicit Holder(Backend given) : backend(std::move(given)) {}
    boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) override {
        return backend.post(request, response, progress);
    }
    void close() noexcept override { backend.close(); }
    void drain() noexcept override {
        if constexpr (requires { backend.drain(); }) backend.drain();
    }

    Backend backend;
};

template <class Auth>
struct AnyAuthPolicy::Holder final : Interface {
    explicit Holder(Auth given) : auth(std::move(given)) {}
    std::optional<AuthHeader> cached(AuthContext& context) override { return auth.cached(context); }
    boost::asio::awaitable<Result<AuthHeader>> authorize(
        AuthContext& context, TimePoint deadline) override {
        return auth.authorize(context, deadline);
    }
    bool rejected(AuthContext& context, const AuthHeader& header) override {
        return auth.rejected(context, header);
    }
    std::string_view kept_secret() const noexcept override { return detail::kept_secret_of(auth); }

    Auth auth;
};

static_assert(HttpBackend<AnyHttpBackend>);
static_assert(AuthPolicy<AnyAuthPolicy>);

#if defined(CLARIFY_SEPARATE_COMPILATION)
extern template class detail::Engine<AnyHttpBackend, AnyAuthPolicy>;
extern template class RpcClient<AnyHttpBackend, AnyAuthPolicy, BoostJsonCodec>;
#endif

}  // namespace clarify

#endif  // CLARIFY_ANY_CLIENT_HPP
