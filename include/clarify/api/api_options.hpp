// SPDX-License-Identifier: BSL-1.0
// What can be chosen for a call of a Clarify method.

#ifndef CLARIFY_API_API_OPTIONS_HPP
#define CLARIFY_API_API_OPTIONS_HPP

#include <clarify/client_options.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace clarify {

/** What can be chosen for any of them.

    The version is the client's unless it is set here. What is new in 1.2 is asked for with
    `1.2alpha1` where the version is an older one; see `ApiClient`.
*/
struct ApiOptions : CallOptions {
    ApiOptions() {}

    /// The integration whose signals are meant. Empty: that of the credentials.
    std::string integration;
};

/// For `insert`.
struct InsertOptions : ApiOptions {
    InsertOptions() {}

    /// A larger request is divided by time into several, one after the other; the service takes
    /// about 8 MiB. 0: never.
    std::size_t max_request_size = 8'000'000;
};

/// For `save_signals` and `publish_signals`.
struct SaveOptions : ApiOptions {
    SaveOptions() {}

    /// Leave what exists as it is.
    bool create_only = false;
};

/// For what selects signals or items, or the data of items.
struct SelectOptions : ApiOptions {
    SelectOptions() {}

    /// Send the items of the result along: those that signals are published as, or whose data they
    /// are. Servers of 1.1 and 1.2 were seen to refuse it for signals; `select_items` finds them by
    /// the identifiers in `Signal::item()` everywhere.
    bool include_items = false;
};

/// For `signal_pages` and `item_pages`.
struct PageOptions : SelectOptions {
    PageOptions() {}

    /// How many resources are asked for at a time: 1 to 1000.
    std::size_t page_size = 1000;
};

/// For `connect_signals` and `disconnect_signals`.
struct ConnectOptions : SelectOptions {
    ConnectOptions() {}

    /// Change nothing, but say which signals would be.
    bool dry_run = false;
};

/// For `data_parts`.
struct DataStreamOptions : ApiOptions {
    DataStreamOptions() {}

    /// How many items are asked for at a time: 1 to 50.
    std::size_t items_per_request = 50;
    /// How many requests may be on their way at once. The service takes one in a second.
    std::size_t concurrency = 4;
    /// The length of the first request. Those that follow are longer where replies are small, up to
    /// what the API allows for the rollup. Unset: a day, or with a rollup as long as
    /// `values_per_request` buckets are.
    std::optional<std::chrono::microseconds> first_window;
    /// How many values a reply is to have. More is no mistake, but the next ones are made smaller.
    std::size_t values_per_request = 500'000;
};

}  // namespace clarify

#endif  // CLARIFY_API_API_OPTIONS_HPP
