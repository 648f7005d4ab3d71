// SPDX-License-Identifier: BSL-1.0
// Everything that most programs need.
//
// That is `Client`, with its options, results and errors, and `SampleWriter`. Not included, because few programs need
// them: `AnyClient` (<clarify/any_client.hpp>), the other policies (<clarify/auth/no_auth.hpp>,
// <clarify/auth/bearer_token.hpp>, <clarify/http/curl_backend.hpp>,
// <clarify/json/nlohmann_codec.hpp>), and what is for tests (<clarify/testing/...>).

#ifndef CLARIFY_CLARIFY_HPP
#define CLARIFY_CLARIFY_HPP

#include <clarify/client.hpp>
#include <clarify/core/http_status.hpp>
#include <clarify/core/version.hpp>
#include <clarify/ingest/sample_writer.hpp>

#endif  // CLARIFY_CLARIFY_HPP
