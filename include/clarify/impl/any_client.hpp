// SPDX-License-Identifier: BSL-1.0
// What stands between a policy and its virtual functions.

#ifndef CLARIFY_IMPL_ANY_CLIENT_HPP
#define CLARIFY_IMPL_ANY_CLIENT_HPP

#include <clarify/any_client.hpp>

namespace clarify {

struct AnyHttpBackend::Interface {
    virtual ~Interface() = default;
    virtual boost::asio::awaitable<Result<void>> post(
        const HttpRequest& request, HttpResponse& response, HttpProgress& progress) = 0;
    virtual void close() noexcept = 0;
    virtual void drain() noexcept = 0;
    virtual void observe(Observer observer) = 0;
};

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
    void observe([[maybe_unused]] Observer observer) override {
        if constexpr (requires { backend.observe(observer); }) backend.observe(std::move(observer));
    }

    Backend backend;
};

template <class Backend>
requires(!std::same_as<Backend, AnyHttpBackend> && HttpBackend<Backend>)
    AnyHttpBackend::AnyHttpBackend(Backend backend)
    : inner_(std::make_unique<Holder<Backend>>(std::move(backend))) {}

inline boost::asio::awaitable<Result<void>> AnyHttpBackend::post(
    const HttpRequest& request, HttpResponse& response, HttpProgress& progress) {
    return inner_->post(request, response, progress);
}

inline void AnyHttpBackend::close() noexcept { inner_->close(); }

inline void AnyHttpBackend::drain() noexcept { inner_->drain(); }

inline void AnyHttpBackend::observe(Observer observer) { inner_->observe(std::move(observer)); }

struct AnyAuthPolicy::Interface {
    virtual ~Interface() = default;
    virtual std::optional<AuthHeader> cached(AuthContext& context) = 0;
    virtual boost::asio::awaitable<Result<AuthHeader>> authorize(
        AuthContext& context, TimePoint deadline) = 0;
    virtual bool rejected(AuthContext& context, const AuthHeader& header) = 0;
    virtual std::string_view kept_secret() const noexcept = 0;
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

template <class Auth>
requires(!std::same_as<Auth, AnyAuthPolicy> && AuthPolicy<Auth>)
    AnyAuthPolicy::AnyAuthPolicy(Auth auth)
    : inner_(std::make_unique<Holder<Auth>>(std::move(auth))) {}

inline std::optional<AuthHeader> AnyAuthPolicy::cached(AuthContext& context) {
    return inner_->cached(context);
}

inline boost::asio::awaitable<Result<AuthHeader>> AnyAuthPolicy::authorize(
    AuthContext& context, TimePoint deadline) {
    return inner_->authorize(context, deadline);
}

inline bool AnyAuthPolicy::rejected(AuthContext& context, const AuthHeader& header) {
    return inner_->rejected(context, header);
}

inline std::string_view AnyAuthPolicy::kept_secret() const noexcept {
    return inner_->kept_secret();
}

static_assert(HttpBackend<AnyHttpBackend>);
static_assert(AuthPolicy<AnyAuthPolicy>);

#if defined(CLARIFY_SEPARATE_COMPILATION)
extern template class detail::Engine<AnyHttpBackend, AnyAuthPolicy>;
extern template class RpcClient<AnyHttpBackend, AnyAuthPolicy, BoostJsonCodec>;
#endif

}  // namespace clarify

#endif  // CLARIFY_IMPL_ANY_CLIENT_HPP
