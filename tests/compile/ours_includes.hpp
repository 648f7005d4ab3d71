// SPDX-License-Identifier: BSL-1.0
// All that a program may include of ours, where its libraries are there.

#ifndef CLARIFY_TESTS_COMPILE_OURS_INCLUDES_HPP
#define CLARIFY_TESTS_COMPILE_OURS_INCLUDES_HPP

#include <clarify/clarify.hpp>
#include <clarify/testing/check_auth_policy.hpp>
#include <clarify/testing/check_http_backend.hpp>
#include <clarify/testing/check_json_codec.hpp>
#include <clarify/testing/emulator.hpp>
#include <clarify/testing/fake_token_source.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#if __has_include(<curl/curl.h>)
#include <clarify/http/curl_backend.hpp>
#endif
#if __has_include(<hiredis/hiredis.h>)
#include <clarify/auth/redis_token_store.hpp>
#endif
#if __has_include(<nlohmann/json.hpp>)
#include <clarify/json/nlohmann_codec.hpp>
#endif

#endif  // CLARIFY_TESTS_COMPILE_OURS_INCLUDES_HPP
