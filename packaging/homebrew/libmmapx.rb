# SPDX-License-Identifier: MIT
class Libmmapx < Formula
  desc "Memory-mapped files and devices"
  homepage "https://libmmapx.example/"
  url "https://libmmapx.example/releases/libmmapx-@VERSION@.tar.xz"
  sha256 "@SHA256@"
  license "MIT"

  depends_on "pkgconf" => [:build, :test]
  depends_on "jansson"

  def install
    system "./configure", *std_configure_args, "--disable-silent-rules"
    system "make", "install"
  end

  test do
    (testpath/"edit.c").write <<~C
      #include <libmmapx.h>
      #include <string.h>

      int main(void)
      {
          struct mmapx m;

          if (mmapx_map_path(&m, "notes", PROT_READ | PROT_WRITE, MAP_SHARED))
              return 1;
          memcpy(m.addr, "edited", 6);
          return mmapx_sync(&m, 0, MMAPX_TO_END, MS_SYNC) || mmapx_unmap(&m);
      }
    C
    flags = shell_output("pkg-config --cflags --libs mmapx").split
    system ENV.cc, "edit.c", "-o", "edit", *flags
    (testpath/"notes").write "notes of old\n"
    system "./edit"
    assert_equal "editedof old\n", (testpath/"notes").read
    assert_match "notes", shell_output("#{bin}/mmapx status notes")
  end
end
