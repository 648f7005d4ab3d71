// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/file_stamp.hpp>
#include <clarify/http/detail/tls/tls_material.hpp>

#include "link_files.hpp"

namespace daemons {
namespace {

std::string difference(
    const std::string& path, const clarify::Credentials& old, const clarify::Credentials& now) {
    std::string out = path + " has changed:";
    const std::size_t size = out.size();
    if (old.api_url().to_string() != now.api_url().to_string()) out += " another address,";
    if (old.integration() != now.integration()) out += " another integration,";
    if (old.type() != now.type()) out += " another kind of credentials,";
    if (old.client_id() != now.client_id()) out += " another client id,";
    if (out.size() == size) out += " another secret,";
    out.back() = '.';
    return out + " New requests use it; those in hand end with what was there before.";
}

}  // namespace

Changes LinkFiles::read() {
    const auto files = clarify::detail::followed_tls_files(tls_, false);
    // Before they are read: what is written meanwhile is seen the next time.
    std::vector<clarify::detail::FileMark> marks;
    marks.push_back(clarify::detail::mark_of(credentials_file_, max_size_));
    for (const clarify::detail::FollowedPath& file : files)
        marks.push_back(clarify::detail::mark_of(file.path, file.limit));
    const auto material = clarify::detail::read_tls_material(tls_);
    if (!material) return material.error();
    std::optional<clarify::Credentials> credentials;
    if (!credentials_file_.empty()) {
        auto read = clarify::Credentials::from_file(
            credentials_file_, clarify::Credentials::SharedFile::warn, max_size_);
        if (!read) return read.error();
        credentials.emplace(std::move(*read));
    }

    std::vector<std::string> changes;
    if (!marks_.empty()) {
        if (credentials && marks[0] != marks_[0])
            changes.push_back(difference(credentials_file_, *credentials_, *credentials));
        for (std::size_t i = 0; i != files.size(); ++i) {
            if (marks[i + 1] == marks_[i + 1]) continue;
            const std::string path = files[i].path.string();
            changes.push_back(
                path + " has changed. New connections " +
                (path == tls_.ca_file ? "trust it." : "use it."));
        }
    }
    credentials_ = std::move(credentials);
    marks_ = std::move(marks);
    return changes;
}

}  // namespace daemons
