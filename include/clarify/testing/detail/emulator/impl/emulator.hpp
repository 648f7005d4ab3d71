// SPDX-License-Identifier: BSL-1.0
// Bodies of the emulator's public face.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EMULATOR_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EMULATOR_HPP

#include <clarify/core/detail/private_file.hpp>
#include <clarify/testing/detail/emulator/emulator_core.hpp>
#include <clarify/testing/detail/emulator/id_mint.hpp>
#include <clarify/testing/detail/emulator/json_text.hpp>
#include <clarify/testing/detail/emulator/snapshot.hpp>
#include <clarify/testing/emulator.hpp>

#include <boost/assert.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace clarify::testing {

namespace detail {

inline ServerTime current_time() {
    return std::chrono::floor<Microseconds>(std::chrono::system_clock::now());
}

/// Checked, and with times that can be added to others.
inline EmulatorOptions checked(EmulatorOptions options) {
    using std::chrono::hours;
    using std::chrono::milliseconds;
    options.check();
    options.token_lifetime =
        std::min<std::chrono::seconds>(options.token_lifetime, hours{24 * 3660});
    options.latency = std::min<milliseconds>(options.latency, hours{24});
    options.visibility_delay = std::min<milliseconds>(options.visibility_delay, hours{24 * 366});
    return options;
}

inline std::string make_credentials_json(
    const EmulatorCore& core, std::string_view type, std::string_view id, std::string_view secret) {
    json::object credentials;
    credentials["type"] = type;
    credentials["clientId"] = id;
    credentials["clientSecret"] = secret;
    json::object file;
    file["apiUrl"] = core.endpoints.api_url();
    file["integration"] = core.options.integration;
    file["credentials"] = std::move(credentials);
    return to_json(file) + "\n";
}

/// Replaces a file by a private one.
inline void write_file(const std::filesystem::path& path, std::string_view text) {
    if (const std::error_code error = clarify::detail::write_private_file(path, text))
        throw std::system_error{error, "write " + path.string()};
}

/// The signal of an input of the own integration, made if it is missing.
inline StoredSignal& seeded_signal(Store& store, const EmulatorCore& core, std::string_view input) {
    if (!is_accepted_input(input)) throw std::invalid_argument{"the input key is not valid"};
    return store.find_or_add_signal(core.options.integration, std::string{input}, current_time())
        .first;
}

/// Calls `function(Store&)` for a caller to whom the codes of JSON-RPC mean nothing.
template <class F>
auto seed_store(EmulatorCore& core, F&& function) {
    try {
        return core.endpoints.store().visit(std::forward<F>(function));
    } catch (const RpcFailure& failure) {
        throw std::length_error{failure.message()};
    }
}

/// Calls `function(const Signal*)` with the signal of an input, or null.
template <class F>
auto inspect_signal(EmulatorCore& core, std::string_view input, F&& function) {
    return core.endpoints.store().visit([&](const Store& store) {
        return function(store.find_input(core.options.integration, input));
    });
}

/// The samples of an input, those included that nobody is shown yet.
inline Series inspect_samples(EmulatorCore& core, std::string_view input) {
    return core.endpoints.store().visit([&](const Store& store) {
        const StoredSignal* const signal = store.find_input(core.options.integration, input);
        return signal != nullptr ? store.all_samples(*signal) : Series();
    });
}

}  // namespace detail

inline Emulator::Emulator(EmulatorOptions options)
    : core_(std::make_unique<detail::EmulatorCore>(detail::checked(std::move(options)))) {}

inline Emulator::~Emulator() = default;

inline const EmulatorOptions& Emulator::options() const noexcept { return core_->options; }

inline std::uint16_t Emulator::port() const noexcept { return core_->server.port(); }

inline const std::string& Emulator::api_url() const noexcept { return core_->endpoints.api_url(); }

inline const std::string& Emulator::ca_certificate_pem() const noexcept {
    return core_->identity.authority_pem;
}

inline std::string Emulator::credentials_json() const {
    return detail::make_credentials_json(
        *core_, "client-credentials", core_->options.client_id, core_->options.client_secret);
}

inline std::string Emulator::basic_credentials_json() const {
    return detail::make_credentials_json(
        *core_, "basic-auth", core_->options.integration, core_->options.basic_password);
}

inline void Emulator::write_credentials(const std::filesystem::path& path) const {
    detail::write_file(path, credentials_json());
}

inline void Emulator::write_ca_certificate(const std::filesystem::path& path) const {
    detail::write_file(path, ca_certificate_pem());
}

inline void Emulator::revoke_tokens() { core_->endpoints.tokens().revoke_all(); }

inline void Emulator::set_token_endpoint_failure(unsigned status) {
    BOOST_ASSERT(status >= 400 && status <= 599);
    core_->endpoints.failures().set_token_failure(status);
}

inline void Emulator::clear_token_endpoint_failure() {
    core_->endpoints.failures().set_token_failure(std::nullopt);
}

inline void Emulator::fail_next(
    unsigned count, unsigned status, std::optional<std::chrono::seconds> retry_after) {
    BOOST_ASSERT(status >= 400 && status <= 599);
    core_->endpoints.failures().fail_rpc(count, {status, retry_after});
}

inline void Emulator::fail_next_calls(unsigned count, int code) {
    core_->endpoints.call_failures().plan(count, code);
}

inline void Emulator::spoil_next(unsigned count, ReplyFault fault) {
    core_->endpoints.failures().spoil_rpc(count, fault);
}

inline EmulatorStats Emulator::stats() const { return core_->statistics.snapshot(); }

inline std::string Emulator::seed(std::string_view input, std::span<const Sample> samples) {
    for (const Sample& sample : samples) {
        if (!std::isfinite(sample.value)) throw std::invalid_argument{"a sample must be finite"};
    }
    return detail::seed_store(*core_, [&](detail::Store& store) {
        store.reserve_samples(samples.size());
        detail::StoredSignal& signal = detail::seeded_signal(store, *core_, input);
        for (const Sample& sample : samples)
            store.put_sample(signal, sample.time, sample.value);
        return signal.id;
    });
}

inline std::string Emulator::publish(std::string_view input) {
    return detail::seed_store(*core_, [&](detail::Store& store) {
        detail::StoredSignal& signal = detail::seeded_signal(store, *core_, input);
        if (signal.item.empty()) {
            const detail::ServerTime now = detail::current_time();
            detail::StoredItem& item = store.add_item(now);
            item.attributes = signal.attributes;
            item.attributes.visible = true;
            signal.item = item.id;
            signal.updated_at = now;
        }
        return signal.item;
    });
}

inline void Emulator::load(std::string_view text) {
    const auto document = detail::parse_json(text);
    const detail::json::object* const object = document ? document->value.if_object() : nullptr;
    if (object == nullptr) throw std::invalid_argument{"the text is not a JSON object"};
    detail::ParameterErrors errors;
    detail::seed_store(*core_, [&](detail::Store& store) {
        const detail::ParamsReader reader{*object, "", errors, false};
        detail::load_snapshot(reader, store, core_->options.integration, detail::current_time());
    });
    if (!errors.empty()) throw std::invalid_argument{errors.to_string()};
}

inline std::string Emulator::dump() const {
    return core_->endpoints.store().visit([&](const detail::Store& store) {
        return detail::to_json(detail::snapshot_json(store, core_->options.integration));
    });
}

inline std::optional<std::string> Emulator::signal_id(std::string_view input) const {
    return detail::inspect_signal(*core_, input, [](const detail::StoredSignal* signal) {
        return signal != nullptr ? std::optional(signal->id) : std::nullopt;
    });
}

inline std::optional<std::string> Emulator::item_id(std::string_view input) const {
    return detail::inspect_signal(*core_, input, [](const detail::StoredSignal* signal) {
        const bool has_item = signal != nullptr && !signal->item.empty();
        return has_item ? std::optional(signal->item) : std::nullopt;
    });
}

inline std::vector<Sample> Emulator::samples(std::string_view input) const {
    std::vector<Sample> result;
    for (const auto& [time, value] : detail::inspect_samples(*core_, input))
        result.emplace_back(time, value);
    return result;
}

inline std::size_t Emulator::sample_count(std::string_view input) const {
    return detail::inspect_samples(*core_, input).size();
}

inline std::size_t Emulator::signal_count() const {
    return core_->endpoints.store().visit(
        [](const detail::Store& store) { return store.signals().size(); });
}

inline std::size_t Emulator::item_count() const {
    return core_->endpoints.store().visit(
        [](const detail::Store& store) { return store.items().size(); });
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_EMULATOR_HPP
