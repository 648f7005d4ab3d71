// SPDX-License-Identifier: BSL-1.0
// What a method of the API is given to work with, and what a method is.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_METHOD_CONTEXT_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_METHOD_CONTEXT_HPP

#include <clarify/testing/detail/emulator/params_reader.hpp>
#include <clarify/testing/detail/emulator/rpc_failure.hpp>
#include <clarify/testing/detail/emulator/store.hpp>
#include <clarify/testing/detail/emulator/time_text.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace clarify::testing::detail {

/// The known values of the version header, oldest first.
inline constexpr std::array<std::string_view, 8> api_versions{
    "1.0", "1.1beta1", "1.1beta2", "1.1rc1", "1.1", "1.2alpha1", "1.2beta1", "1.2"};

/** The version that serves a selector, or nullopt for an unknown selector.

    Without a selector it is the stable version that the documentation describes. A first
    pre-release is served by its successor.
*/
inline std::optional<std::string_view> resolve_api_version(std::string_view selector) {
    if (selector.empty()) return "1.1";
    if (selector == "1.2alpha1") return "1.2beta1";
    const auto* const found = std::find(api_versions.begin(), api_versions.end(), selector);
    return found == api_versions.end() ? std::nullopt : std::optional(*found);
}

/// How the emulated API behaves in all calls.
struct MethodSettings {
    /// The integration that the credentials belong to.
    std::string integration;
    /// Is null an error where the API documents none?
    bool strict = false;
    /// Answer as live servers do, not as the documentation says.
    bool observed_shapes = false;
    /// Is the namespace `admin` granted?
    bool admin_access = true;
    /// Is the namespace `clarify` granted?
    bool clarify_access = true;
    /// Queue what comes faster than documented.
    bool rate_limits = false;
    /// How long after an insert a reply shows it for the first time.
    Microseconds visibility_delay{0};
    /// How long a call takes when it has its turn.
    Microseconds latency{0};
    /// Decorate replies with members that nobody knows.
    bool unknown_members = false;
};

/// What a call works with.
struct MethodContext {
    /// The method has the store for itself.
    Store& store;
    const MethodSettings& settings;
    /// The version that serves the call; see `resolve_api_version`.
    std::string_view version;
    ServerTime now;
    /// Is only half of what is asked for to be done?
    bool is_partial = false;

    /// How many of `count` things are to be done.
    std::size_t share_of(std::size_t count) const { return is_partial ? count / 2 : count; }

    bool is_version_1_2() const { return version.starts_with("1.2"); }
};

/// Executes one call and returns its result; throws RpcFailure when it cannot.
using MethodHandler = json::object (*)(MethodContext&, const json::object& params);

/// Reads a required resource identifier; the empty text, and a complaint, when it is not one.
inline std::string read_id(const ParamsReader& reader, std::string_view key) {
    if (reader.require(key) == nullptr) return {};
    const auto text = reader.string(key);
    if (text && !is_resource_id(*text)) {
        reader.fail(key, "must match ^[a-v0-9]{20}$");
        return {};
    }
    return text.value_or("");
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_METHOD_CONTEXT_HPP
