// SPDX-License-Identifier: BSL-1.0
// The emulator's memory: signals with their samples, and items.

#ifndef CLARIFY_TESTING_DETAIL_EMULATOR_STORE_HPP
#define CLARIFY_TESTING_DETAIL_EMULATOR_STORE_HPP

#include <clarify/testing/detail/emulator/id_mint.hpp>
#include <clarify/testing/detail/emulator/rpc_failure.hpp>
#include <clarify/testing/detail/emulator/stored_resource.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify::testing::detail {

/** All signals and items, by identifier, which is by time of creation.

    What peers can make it hold is bounded; beyond that, methods fail with RpcCode::server_error.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe; see `SharedStore`.
*/
class Store {
public:
    const std::map<std::string, StoredSignal>& signals() const noexcept { return signals_; }
    const std::map<std::string, StoredItem>& items() const noexcept { return items_; }

    StoredSignal* find_signal(const std::string& id) {
        const auto found = signals_.find(id);
        return found == signals_.end() ? nullptr : &found->second;
    }

    StoredItem* find_item(const std::string& id) {
        const auto found = items_.find(id);
        return found == items_.end() ? nullptr : &found->second;
    }

    const StoredSignal* find_input(std::string_view integration, std::string_view input) const {
        const auto found = inputs_.find(std::pair(std::string{integration}, std::string{input}));
        return found == inputs_.end() ? nullptr : &signals_.at(found->second);
    }

    /// The signal of an input, and whether this call made it. A new one is named after the input,
    /// and has the identifier `id`, which is free, or any if it is empty.
    std::pair<StoredSignal&, bool> find_or_add_signal(
        const std::string& integration,
        const std::string& input,
        ServerTime now,
        const std::string& id = {}) {
        const std::pair key(integration, input);
        if (const auto found = inputs_.find(key); found != inputs_.end())
            return {signals_.at(found->second), false};
        check_room(signals_.size() < max_resources);
        StoredSignal signal;
        stamp(signal, now, id);
        signal.integration = integration;
        signal.input = input;
        signal.attributes.name = input;
        StoredSignal& added = signals_.emplace(signal.id, std::move(signal)).first->second;
        inputs_.emplace(key, added.id);
        return {added, true};
    }

    /// Makes an item with the identifier `id`, which is free, or any if it is empty.
    StoredItem& add_item(ServerTime now, const std::string& id = {}) {
        check_room(items_.size() < max_resources);
        StoredItem item;
        stamp(item, now, id);
        return items_.emplace(item.id, std::move(item)).first->second;
    }

    /// Applies a save to one of the resources and returns whether it changed anything.
    bool save(StoredResource& resource, const SaveView& view, ServerTime now) {
        const std::size_t others = text_size_ - resource.text_size;
        check_room(others + text_size(view) + text_size(resource.annotations) <= max_text);
        const bool changed = apply_save(resource, view, now);
        resource.text_size = text_size(resource.attributes) + text_size(resource.annotations);
        text_size_ = others + resource.text_size;
        return changed;
    }

    /// Stores a sample; a later one of the same time replaces an earlier one.
    void put_sample(StoredSignal& signal, ServerTime time, double value) {
        const auto [place, added] = signal.samples.insert_or_assign(time, value);
        sample_count_ += added ? 1 : 0;
    }

    /// Stores a sample that nobody is shown before `visible_at`, which never goes back.
    void put_sample_later(
        const StoredSignal& signal, ServerTime time, double value, ServerTime visible_at) {
        hidden_.push_back({visible_at, signal.id, time, value});
    }

    /// Shows the samples whose time has come by `now`.
    void show(ServerTime now) {
        while (!hidden_.empty() && hidden_.front().visible_at <= now) {
            const HiddenSample sample = std::move(hidden_.front());
            hidden_.pop_front();
            put_sample(signals_.at(sample.signal), sample.time, sample.value);
        }
    }

    /// The samples of a signal, those included that are not shown yet.
    std::map<ServerTime, double> all_samples(const StoredSignal& signal) const {
        std::map<ServerTime, double> samples = signal.samples;
        for (const HiddenSample& sample : hidden_) {
            if (sample.signal == signal.id) samples.insert_or_assign(sample.time, sample.value);
        }
        return samples;
    }

    /// Fails when `count` more samples might be more than the store holds.
    void reserve_samples(std::size_t count) const {
        const std::size_t there = sample_count_ + hidden_.size();
        check_room(count <= max_samples && there <= max_samples - count);
    }

    /// The items in the order of their identifiers.
    std::vector<const StoredItem*> all_items() const {
        std::vector<const StoredItem*> all;
        for (const auto& [id, item] : items_)
            all.push_back(&item);
        return all;
    }

    /// The signals that show their data in each of the items.
    std::map<std::string, std::vector<const StoredSignal*>> signals_by_item() const {
        std::map<std::string, std::vector<const StoredSignal*>> result;
        for (const auto& [id, signal] : signals_) {
            if (!signal.item.empty()) result[signal.item].push_back(&signal);
        }
        return result;
    }

private:
    static constexpr std::size_t max_resources = 100'000;
    static constexpr std::size_t max_samples = 10'000'000;
    static constexpr std::size_t max_text = 256 * 1024 * 1024;

    struct HiddenSample {
        ServerTime visible_at;
        std::string signal;
        ServerTime time;
        double value;
    };

    static void check_room(bool has_room) {
        if (!has_room) throw RpcFailure{RpcCode::server_error, "The emulator's store is full"};
    }

    void stamp(StoredResource& resource, ServerTime now, const std::string& id) {
        using std::chrono::seconds;
        resource.id = !id.empty()
            ? id
            : ids_.next(std::chrono::floor<seconds>(now).time_since_epoch().count());
        resource.created_at = now;
        resource.updated_at = now;
    }

    std::map<std::string, StoredSignal> signals_;
    std::map<std::string, StoredItem> items_;
    std::map<std::pair<std::string, std::string>, std::string> inputs_;
    std::deque<HiddenSample> hidden_;
    std::size_t sample_count_ = 0;
    std::size_t text_size_ = 0;
    IdMint ids_;
};

/** A store behind a mutex.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class SharedStore {
public:
    /// Calls `function(Store&)` while nobody else has access, and returns what it returns.
    template <class F>
    decltype(auto) visit(F&& function) {
        const std::lock_guard lock{mutex_};
        return std::invoke(std::forward<F>(function), store_);
    }

    template <class F>
    decltype(auto) visit(F&& function) const {
        const std::lock_guard lock{mutex_};
        return std::invoke(std::forward<F>(function), store_);
    }

private:
    // Guards store_.
    mutable std::mutex mutex_;
    Store store_;
};

}  // namespace clarify::testing::detail

#endif  // CLARIFY_TESTING_DETAIL_EMULATOR_STORE_HPP
