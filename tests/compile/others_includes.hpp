// SPDX-License-Identifier: BSL-1.0
// What others wrote and our headers include, for the files that change the rules before ours come.

#ifndef CLARIFY_TESTS_COMPILE_OTHERS_INCLUDES_HPP
#define CLARIFY_TESTS_COMPILE_OTHERS_INCLUDES_HPP

#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/describe.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>

#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <ranges>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#if __has_include(<curl/curl.h>)
#include <curl/curl.h>
#endif
#if __has_include(<hiredis/hiredis.h>)
#include <hiredis/hiredis.h>
#endif
#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#endif

#endif  // CLARIFY_TESTS_COMPILE_OTHERS_INCLUDES_HPP
