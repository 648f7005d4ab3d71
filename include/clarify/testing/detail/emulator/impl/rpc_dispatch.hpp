// SPDX-License-Identifier: BSL-1.0
// Bodies of the JSON-RPC dispatcher.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_RPC_DISPATCH_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_RPC_DISPATCH_HPP

#include <clarify/core/detail/text.hpp>
#include <clarify/testing/detail/emulator/data_methods.hpp>
#include <clarify/testing/detail/emulator/resource_methods.hpp>
#include <clarify/testing/detail/emulator/rpc_dispatch.hpp>
#include <clarify/testing/detail/emulator/unknown_members.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace clarify::testing::detail {

inline void MethodTable::add(
    std::string_view name,
    std::initializer_list<std::string_view> aliases,
    MethodHandler handler,
    bool needs_1_2) {
    const Entry entry{std::string{name}, handler, needs_1_2};
    entries_[clarify::detail::lower(name)] = entry;
    for (const std::string_view alias : aliases)
        entries_[clarify::detail::lower(alias)] = entry;
}

inline const MethodTable::Entry* MethodTable::find(std::string_view name) const {
    const auto found = entries_.find(clarify::detail::lower(name));
    return found == entries_.end() ? nullptr : &found->second;
}

inline MethodTable make_method_table() {
    MethodTable table;
    table.add("integration.insert", {}, &insert);
    table.add("integration.saveSignals", {"integration.signals.save"}, &save_signals);
    table.add("admin.selectSignals", {"admin.signals.select"}, &select_signals);
    table.add("admin.publishSignals", {"admin.signals.publish"}, &publish_signals);
    // Pre-releases of 1.2 had the first name, the release has the second.
    table.add("admin.connectSignals", {"admin.signals.connect"}, &connect_signals, true);
    table.add("admin.disconnectSignals", {"admin.signals.disconnect"}, &disconnect_signals, true);
    table.add("clarify.selectItems", {"clarify.items.select"}, &select_items);
    table.add("clarify.dataFrame", {}, &data_frame);
    table.add("clarify.evaluate", {}, &evaluate);
    return table;
}

inline RpcDispatcher::RpcDispatcher(SharedStore& store, MethodSettings settings)
    : store_(store), settings_(std::move(settings)) {}

/// True when a request asks to be told of parameter errors by path.
inline bool wants_path_errors(const json::object& request) {
    const json::value* const params = request.if_contains("params");
    const json::object* const object = params != nullptr ? params->if_object() : nullptr;
    const json::value* const format = object != nullptr ? object->if_contains("format") : nullptr;
    const json::object* const members = format != nullptr ? format->if_object() : nullptr;
    const json::value* const wish =
        members != nullptr ? members->if_contains("usePathErrors") : nullptr;
    return wish != nullptr && wish->is_bool() && wish->get_bool();
}

/// Ends a call that has waited for too long.
struct QueueTimeout {};

inline const MethodTable::Entry& RpcDispatcher::method_of(
    const json::object& request, std::string_view version) const {
    const json::value* const protocol = request.if_contains("jsonrpc");
    const json::value* const name = request.if_contains("method");
    if (protocol == nullptr || *protocol != "2.0" || name == nullptr || !name->is_string())
        throw RpcFailure{RpcCode::invalid_request, "Invalid request"};
    const MethodTable::Entry* const entry = methods_.find(name->get_string());
    if (entry == nullptr || (entry->needs_1_2 && !version.starts_with("1.2")))
        throw RpcFailure{RpcCode::method_not_found, "Method not found"};
    const bool is_granted = entry->name.starts_with("admin.") ? settings_.admin_access
        : entry->name.starts_with("clarify.")                 ? settings_.clarify_access
                                                              : true;
    if (!is_granted) throw RpcFailure{RpcCode::forbidden, "Forbidden"};
    return *entry;
}

inline Microseconds RpcDispatcher::wait_for_turn(const std::string& method, ServerTime now) {
    if (!settings_.rate_limits) return Microseconds{0};
    const std::lock_guard lock{queue_mutex_};
    const std::optional<Microseconds> wait = queue_.enter(method, now);
    if (!wait) throw QueueTimeout();
    return *wait;
}

inline std::string RpcDispatcher::execute(
    const json::object& request,
    std::string_view version,
    ServerTime now,
    bool path_errors,
    RpcOutcome& outcome) {
    const MethodTable::Entry& entry = method_of(request, version);
    outcome.method = entry.name;
    const json::object none;
    const json::value* const params = request.if_contains("params");
    const bool is_absent = params == nullptr || (params->is_null() && !settings_.strict);
    if (!is_absent && !params->is_object())
        throw RpcFailure{RpcCode::invalid_params, "Params must be an object"};
    outcome.delay = wait_for_turn(entry.name, now);
    const std::optional<int> planned = failures_.take();
    constexpr int partial = static_cast<int>(RpcCode::partial_failure);
    if (planned && *planned != partial)
        throw RpcFailure{static_cast<RpcCode>(*planned), "This failure was asked for"};
    json::object result = store_.visit([&](Store& store) {
        store.show(now);
        MethodContext context{store, settings_, version, now, planned.has_value()};
        return entry.handler(context, is_absent ? none : params->get_object());
    });
    if (settings_.unknown_members) add_unknown_members(result);
    if (!planned) return "\"result\":" + to_json(result);
    const RpcFailure failure{RpcCode::partial_failure, "Partial failure"};
    json::object error = error_json(failure, path_errors, now);
    error["data"].as_object()["partialResult"] = std::move(result);
    return "\"error\":" + to_json(error);
}

/// What an error about resources has in its data: one of them, and what is wrong with it.
inline json::array invalid_resources_json() {
    json::object fields;
    fields["name"] = json::array{"This failure was asked for"};
    json::object resource;
    resource["type"] = StoredSignal::type;
    resource["message"] = "Invalid resource";
    resource["invalidFields"] = std::move(fields);
    json::array resources;
    resources.push_back(std::move(resource));
    return resources;
}

inline json::object RpcDispatcher::error_json(
    const RpcFailure& failure, bool path_errors, ServerTime now) {
    json::object data;
    if (path_errors && !failure.params().empty()) {
        json::array errors;
        for (const auto& [path, messages] : failure.params()) {
            for (const std::string& message : messages) {
                json::object error;
                error["path"] = "params." + path;
                error["error"] = message;
                errors.push_back(std::move(error));
            }
        }
        data["pathErrors"] = std::move(errors);
    } else {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
        data["trace"] = traces_.next(seconds.count());
        if (!failure.params().empty()) {
            json::object params;
            for (const auto& [path, messages] : failure.params())
                params[path] = json::array(messages.begin(), messages.end());
            data["params"] = std::move(params);
        }
    }
    if (failure.code() == RpcCode::produced_invalid_resource ||
        failure.code() == RpcCode::found_invalid_resource) {
        data["invalidResources"] = invalid_resources_json();
    }
    json::object error;
    error["code"] = static_cast<int>(failure.code());
    error["message"] = failure.message();
    error["data"] = std::move(data);
    if (settings_.unknown_members) add_unknown_members(error);
    return error;
}

inline RpcOutcome RpcDispatcher::handle(
    std::string_view text, std::string_view version, ServerTime now) {
    RpcOutcome outcome;
    std::string id = "null";
    bool is_notification = false;
    bool path_errors = settings_.observed_shapes;
    std::string member;
    try {
        const std::optional<JsonDocument> document = parse_json(text);
        if (!document) throw RpcFailure{RpcCode::parse_error, "Parse error"};
        const json::object* const request = document->value.if_object();
        if (request == nullptr) throw RpcFailure{RpcCode::invalid_request, "Invalid request"};
        const json::value* const id_value = request->if_contains("id");
        if (id_value != nullptr && !id_value->is_null()) {
            id = document->id_number.empty() ? to_json(*id_value) : document->id_number;
        } else {
            is_notification = request->contains("method");
        }
        path_errors = path_errors || wants_path_errors(*request);
        member = execute(*request, version, now, path_errors, outcome);
    } catch (const QueueTimeout&) {
        outcome.timed_out = true;
        outcome.delay = RateQueue::max_wait;
        return outcome;
    } catch (const RpcFailure& failure) {
        member = "\"error\":" + to_json(error_json(failure, path_errors, now));
        // A message that is not a request at all cannot be a notification either.
        is_notification = is_notification && failure.code() != RpcCode::invalid_request;
    } catch (const std::exception&) {
        const RpcFailure failure{RpcCode::internal_error, "Internal error"};
        member = "\"error\":" + to_json(error_json(failure, path_errors, now));
    }
    if (!is_notification) {
        outcome.id = id;
        if (settings_.unknown_members) member += ",\"" + std::string{unknown_member} + "\":{}";
        outcome.body = "{\"jsonrpc\":\"2.0\",\"id\":" + id + "," + member + "}";
    }
    return outcome;
}

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_IMPL_RPC_DISPATCH_HPP
