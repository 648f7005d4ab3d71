// SPDX-License-Identifier: BSL-1.0
// Looks at files before they are used, off the executor, and makes anew what is made of them.

#ifndef CLARIFY_CORE_DETAIL_FOLLOWER_HPP
#define CLARIFY_CORE_DETAIL_FOLLOWER_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/file_stamp.hpp>
#include <clarify/core/detail/followed_files.hpp>
#include <clarify/core/detail/process_mark.hpp>
#include <clarify/core/detail/run_elsewhere.hpp>
#include <clarify/core/detail/signal.hpp>
#include <clarify/core/event.hpp>
#include <clarify/core/result.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

/// A file to follow, and how large it may be.
struct FollowedPath {
    std::filesystem::path path;
    std::size_t limit;
};

/** Makes a `Product` of files, and makes it anew when they have changed.

    Obeys `FollowedFiles`. All of it happens on one serial executor but the looking, reading and
    making, for which there is a thread meanwhile. What a look has brought waits to be taken.
*/
template <class Product>
class Follower : public std::enable_shared_from_this<Follower<Product>> {
public:
    /// Called in any thread, and owns all that it uses. May throw.
    using Make = std::function<Result<Product>()>;
    /// What there is to tell since `take_news` was asked last.
    struct News {
        std::optional<Product> product;
        /// Whose content is another one than before; none where there was none before.
        std::vector<std::string> changed;
        /// What is wrong with what the files hold now; told once.
        std::optional<Error> trouble;
    };

    /// `in_force`: what the files hold is in use already, so that nobody needs to wait for it.
    Follower(std::vector<FollowedPath> paths, Make make, bool in_force = false)
        : subject_(std::make_shared<const Subject>(Subject{std::move(paths), std::move(make)})),
          files_(in_force) {}

    /// Had better `look` be awaited before the product is used? So it is where a look is due, and
    /// while one is under way that has not taken long.
    bool wants_look(TimePoint now) noexcept {
        if (process_.is_elsewhere()) {
            // A look that was under way is the parent's.
            process_.settle();
            files_.look_ends();
        }
        return files_.is_looking() ? now < files_.looked_at() + patience || !files_.used_before()
                                   : files_.before_use(now) == FollowedFiles::Step::look;
    }
    /** Looks, or waits for the look that is under way. Where there is a product already no longer
        than a moment: a disk that hangs holds nobody up for good.

        @return whether the wait was cancelled.
    */
    boost::asio::awaitable<bool> look(boost::asio::any_io_executor executor, TimePoint until);
    /// What the looks have brought.
    News take_news() { return std::exchange(news_, News{}); }
    /// The product may be at fault; the next look makes another one.
    void distrust() noexcept { files_.distrust(); }

private:
    /// Longer than a look takes, and not long for a call.
    static constexpr std::chrono::seconds patience{1};

    struct Subject {
        std::vector<FollowedPath> paths;
        Make make;
    };
    /// A look, on its way through another thread.
    struct Look {
        Look(std::shared_ptr<const Subject> which, FollowedFiles known)
            : subject(std::move(which)), files(std::move(known)) {}

        void run() noexcept;
        Result<Product> make() const;

        std::shared_ptr<const Subject> subject;
        FollowedFiles files;
        FileTime at{};
        std::vector<FileStamp> stamps;
        std::vector<FileMark> marks;
        bool read = false;
        std::optional<Result<Product>> outcome;
    };

    void begin(const boost::asio::any_io_executor& executor);
    void arrived(Look& look);

    std::shared_ptr<const Subject> subject_;
    FollowedFiles files_;
    News news_;
    Signal ended_;
    ProcessMark process_;
};

/// Tells an observer which files are in force with another content, or why they are not.
inline void tell_news(
    const std::vector<std::string>& changed,
    const std::optional<Error>& trouble,
    TimePoint now,
    const std::function<void(const Event&)>& tell) noexcept {
    try {
        for (const std::string& file : changed) {
            Event event{EventKind::file_changed};
            event.time = now;
            event.file = file;
            tell(event);
        }
        if (!trouble) return;
        Event event{EventKind::file_failed};
        event.time = now;
        event.error = &*trouble;
        tell(event);
    } catch (...) {  // NOLINT(bugprone-empty-catch): a hook must not harm a call
    }
}

template <class Product>
boost::asio::awaitable<bool> Follower<Product>::look(
    boost::asio::any_io_executor executor, TimePoint until) {
    const auto self = this->shared_from_this();
    if (files_.before_use(time_on(executor)) == FollowedFiles::Step::look) begin(executor);
    if (files_.used_before()) until = (std::min)(until, files_.looked_at() + patience);
    while (files_.is_looking() && time_on(executor) < until) {
        if (co_await ended_.wait(executor, until)) co_return true;
    }
    co_return false;
}

template <class Product>
void Follower<Product>::begin(const boost::asio::any_io_executor& executor) {
    const auto look = std::make_shared<Look>(subject_, files_);
    files_.look_begins(time_on(executor));
    try {
        run_elsewhere(
            executor,
            [look] { look->run(); },
            [look, weak = this->weak_from_this()] {
                if (const auto self = weak.lock()) self->arrived(*look);
            });
    } catch (...) {
        files_.look_ends();
        throw;
    }
}

template <class Product>
Result<Product> Follower<Product>::Look::make() const {
    try {
        return subject->make();
    } catch (...) {
        Error error{Errc::internal, Reason::resource};
        return error.set_fate(Fate::unsent);
    }
}

template <class Product>
void Follower<Product>::Look::run() noexcept {
    try {
        at = std::chrono::system_clock::now();
        for (const FollowedPath& each : subject->paths)
            stamps.push_back(stamp_of(each.path));
        if (files.looked(stamps) == FollowedFiles::Step::keep) return;
        // What is made of them is read once more. Should they change in between, the stamps tell so
        // at the next look.
        for (const FollowedPath& each : subject->paths)
            marks.push_back(mark_of(each.path, each.limit));
        if (files.is_new(marks)) outcome.emplace(make());
        read = true;
    } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; the next look is another try
    }
}

template <class Product>
void Follower<Product>::arrived(Look& look) {
    files_.look_ends();
    try {
        if (look.read) files_.read_ends(std::move(look.stamps), look.at);
        if (look.outcome && *look.outcome) {
            for (const std::size_t which : files_.changed(look.marks))
                news_.changed.push_back(subject_->paths[which].path.string());
            news_.product.emplace(std::move(**look.outcome));
            news_.trouble.reset();
            files_.used(std::move(look.marks));
        } else if (look.outcome) {
            const Error& error = look.outcome->error();
            const bool for_good = error.code() == Errc::bad_config;
            if (files_.refused(std::move(look.marks), for_good)) news_.trouble = error;
            if (!files_.used_before()) news_.trouble = error;
        } else if (look.read && files_.is_in_force(look.marks)) {
            files_.used(std::move(look.marks));
        }
    } catch (...) {
        files_.distrust();
    }
    ended_.notify_all();
}

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_FOLLOWER_HPP
