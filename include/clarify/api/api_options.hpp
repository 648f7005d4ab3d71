// SPDX-License-Identifier: BSL-1.0
// What can be chosen for a call of a Clarify method.

#ifndef CLARIFY_API_API_OPTIONS_HPP
#define CLARIFY_API_API_OPTIONS_HPP

#include <clarify/client_options.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace clarify {

/** What can be chosen for any of them: besides what follows, all that can be chosen for a call, such
    as its time limit.

    The version is the client's unless it is set here. What is new in 1.2 is asked for with
    `1.2alpha1` where the version is an older one; see `ApiClient`.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct ApiOptions : CallOptions {
    ApiOptions() {}
    /// What is chosen for any call: a limit, a deadline, a `CallScope`.
    explicit ApiOptions(CallOptions call) : CallOptions(std::move(call)) {}

    /// The integration whose signals are meant: its identifier, 20 characters of `a` to `v` and `0` to
    /// `9` (`is_resource_id`). Empty: that of the credentials. Methods that are about items only do
    /// without it.
    std::string integration;
};

/// For `ApiClient::insert`.
struct InsertOptions : ApiOptions {
    InsertOptions() {}
    /// What is chosen for any call: a limit, a deadline, a `CallScope`.
    explicit InsertOptions(CallOptions call) : ApiOptions(std::move(call)) {}

    /// In bytes of JSON text. A larger request is divided by time into several, one after the other; the
    /// service takes about 8 MiB, and one insert in a second. What is already inserted stays where a
    /// later part fails. A single sample that is longer is refused with `Errc::bad_argument`,
    /// `Reason::request`. 0: never divided, not even where most of it would be missing values.
    std::size_t max_request_size = 8'000'000;
};

/// For `ApiClient::save_signals` and `publish_signals`.
struct SaveOptions : ApiOptions {
    SaveOptions() {}
    /// What is chosen for any call: a limit, a deadline, a `CallScope`.
    explicit SaveOptions(CallOptions call) : ApiOptions(std::move(call)) {}

    /// Leave what exists as it is: its summary is then neither `created` nor `updated`.
    bool create_only = false;
};

/// For what selects signals or items, or the data of items.
struct SelectOptions : ApiOptions {
    SelectOptions() {}
    /// What is chosen for any call: a limit, a deadline, a `CallScope`.
    explicit SelectOptions(CallOptions call) : ApiOptions(std::move(call)) {}

    /// Send the items of the result along, into `SelectionBase::included_items`: those that signals are
    /// published as, or whose data they are. Servers of 1.1 and 1.2 were seen to refuse it for signals;
    /// `select_items` finds them by the identifiers in `Signal::item()` everywhere.
    bool include_items = false;
};

/** For `ApiClient::signal_pages` and `item_pages`.

    The options of a call (its time limit, for one) count for each page anew, not for all of them.
*/
struct PageOptions : SelectOptions {
    PageOptions() {}
    /// What is chosen for any call: a limit, a deadline, a `CallScope`.
    explicit PageOptions(CallOptions call) : SelectOptions(std::move(call)) {}

    /// How many resources are asked for at a time: 1 to 1000, which is what servers take. Other numbers
    /// count as the nearest of these.
    std::size_t page_size = 1000;
};

/// For `ApiClient::connect_signals` and `disconnect_signals`.
struct ConnectOptions : SelectOptions {
    ConnectOptions() {}
    /// What is chosen for any call: a limit, a deadline, a `CallScope`.
    explicit ConnectOptions(CallOptions call) : SelectOptions(std::move(call)) {}

    /// Change nothing, but say which signals would be changed.
    bool dry_run = false;
};

/// For `ApiClient::data_parts`.
struct DataStreamOptions : ApiOptions {
    DataStreamOptions() {}
    /// What is chosen for any call: a limit, a deadline, a `CallScope`.
    explicit DataStreamOptions(CallOptions call) : ApiOptions(std::move(call)) {}

    /// How many items are asked for at a time: 1 to 50, which is what servers take. Other numbers
    /// count as the nearest of these.
    std::size_t items_per_request = 50;
    /// How many requests may be on their way at once. 0 counts as 1. The service takes one in a second.
    std::size_t concurrency = 4;
    /// The time that the first request asks for, in microseconds. Those that follow ask for more where
    /// replies are small, up to what the API allows for the rollup (`longest_window`). Unset: a day, or
    /// with a rollup as long as `values_per_request` buckets are. What is not positive counts as the
    /// shortest: a bucket, or a microsecond.
    std::optional<std::chrono::microseconds> first_window;
    /// How many values a reply is to have, so that it takes no more memory than its reader likes: about
    /// eight bytes each. More is no mistake, but the next ones are made smaller. 0 counts as
    /// 1.
    std::size_t values_per_request = 500'000;
};

}  // namespace clarify

#endif  // CLARIFY_API_API_OPTIONS_HPP
