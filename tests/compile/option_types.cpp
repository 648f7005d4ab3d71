// SPDX-License-Identifier: BSL-1.0
// GCC 12 destroys an aggregate temporary twice when it is created inside a co_await expression, so
// nothing that users hand to the library may be an aggregate with something to destroy.

#include <clarify/clarify.hpp>

#include <type_traits>

static_assert(!std::is_aggregate_v<clarify::CallOptions>);
static_assert(!std::is_aggregate_v<clarify::ClientOptions>);
static_assert(!std::is_aggregate_v<clarify::RetryOptions>);
static_assert(!std::is_aggregate_v<clarify::HttpOptions>);
static_assert(!std::is_aggregate_v<clarify::TlsOptions>);
static_assert(!std::is_aggregate_v<clarify::JsonCodecOptions>);
static_assert(!std::is_aggregate_v<clarify::ClientCredentialsConfig>);
static_assert(!std::is_aggregate_v<clarify::TokenOptions>);
static_assert(!std::is_aggregate_v<clarify::TokenTimes>);
static_assert(!std::is_aggregate_v<clarify::ProxyOptions>);
static_assert(!std::is_aggregate_v<clarify::HeaderList>);
static_assert(!std::is_aggregate_v<clarify::ApiVersion>);
static_assert(!std::is_aggregate_v<clarify::Credentials>);
static_assert(!std::is_aggregate_v<clarify::Secret>);
static_assert(!std::is_aggregate_v<clarify::Error>);

// A secret converts to nothing and cannot be made by accident.
static_assert(!std::is_convertible_v<clarify::Secret, std::string>);
static_assert(!std::is_convertible_v<clarify::Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, clarify::Secret>);
