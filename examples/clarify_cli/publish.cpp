// SPDX-License-Identifier: BSL-1.0
// `clarify publish`: signals shown as items, where they are not yet, or have changed.

#include "api_session.hpp"
#include "commands.hpp"
#include "json_text.hpp"
#include "output.hpp"
#include "table.hpp"
#include "terminal_text.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

namespace clarify_cli {
namespace {

/// What became of an item.
struct Published {
    std::string_view signal;
    std::string_view name;
    /// Null for a dry run, which does not know it.
    const clarify::SaveSummary* item = nullptr;
};

std::string json_of(const Published& published) {
    const auto member = [](std::string& out, std::string_view name, std::string_view value) {
        append_json_string(out, name);
        out += ':';
        append_json_string(out, value);
    };
    std::string out = "{";
    member(out, "signal", published.signal);
    out += ',';
    member(out, "name", published.name);
    if (published.item != nullptr) {
        out += ',';
        member(out, "item", published.item->id);
        out += published.item->created ? R"(,"created":true)" : R"(,"created":false)";
    }
    return out + '}';
}

void print(const clarify::PublishReport& report, const PublishCommand& command) {
    const bool as_json = command.json || ::isatty(STDOUT_FILENO) != 1;
    Table table{{{"SIGNAL"}, {"ITEM"}, {"NAME", true}, {"IS"}}};
    for (const auto& [signal, save] : report.published) {
        Published published{signal, save.name};
        const auto item = report.items_by_signal.find(signal);
        if (item != report.items_by_signal.end()) published.item = &item->second;
        if (as_json) {
            std::cout << json_of(published) << '\n';
            continue;
        }
        const char* const is = published.item == nullptr ? "to be published"
            : published.item->created                    ? "new"
                                                         : "updated";
        table.add({signal, published.item != nullptr ? published.item->id : "-", save.name, is});
    }
    if (!as_json && !report.published.empty())
        std::cout << table.take_text(terminal_columns(STDOUT_FILENO));
    std::cout << std::flush;
    std::fprintf(
        stderr,
        command.dry_run ? "clarify: %zu signals, %zu to be published, the others are as they were\n"
                        : "clarify: %zu signals, %zu published, the others are as they were\n",
        report.signals,
        report.published.size());
}

boost::asio::awaitable<clarify::Result<void>> publish_all(
    clarify::Client& client, clarify::PublishOptions options, const PublishCommand& command) {
    const auto report = co_await client.publish_changed_signals(std::move(options));
    if (!report) co_return report.error();
    print(*report, command);
    co_return clarify::Result<void>{};
}

}  // namespace

ExitCode publish(const PublishCommand& command) {
    clarify::Result<clarify::Filter> filter = filter_of(command.filter);
    if (!filter) {
        print_error(filter.error(), false);
        return exit_code(filter.error().code());
    }
    clarify::PublishOptions options;
    options.signals = std::move(*filter);
    options.publisher = "clarify publish";
    options.dry_run = command.dry_run;
    // One that was never saved may have no name, and an item needs one.
    options.transforms.emplace_back([](clarify::ItemSave& item, const clarify::Signal& signal) {
        if (item.name.empty()) item.name = signal.input;
    });
    return run_with_client(command.common, [&](clarify::Client& client) {
        return publish_all(client, options, command);
    });
}

}  // namespace clarify_cli
